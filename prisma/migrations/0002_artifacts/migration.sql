-- What languages are made of. New tables only: older code runs beside it.
CREATE TYPE "artifact_kind" AS ENUM ('base', 'package', 'image', 'agent');

CREATE TABLE "language" (
    "id" VARCHAR(40) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "language_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "config_version" (
    "digest" VARCHAR(71) NOT NULL,
    "lang" VARCHAR(40) NOT NULL,
    "text" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "config_version_pkey" PRIMARY KEY ("digest"),
    CONSTRAINT "config_version_digest" CHECK ("digest" ~ '^sha256:[0-9a-f]{64}$')
);

CREATE TABLE "artifact" (
    "digest" VARCHAR(71) NOT NULL,
    "kind" "artifact_kind" NOT NULL,
    "size" BIGINT NOT NULL,
    "lang" VARCHAR(40),
    "config" VARCHAR(71),
    "facts" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "artifact_pkey" PRIMARY KEY ("digest"),
    CONSTRAINT "artifact_digest" CHECK ("digest" ~ '^sha256:[0-9a-f]{64}$'),
    CONSTRAINT "artifact_size" CHECK ("size" >= 0),
    CONSTRAINT "artifact_of_a_language" CHECK (("kind" IN ('package', 'image')) = ("lang" IS NOT NULL)),
    CONSTRAINT "artifact_of_a_config" CHECK (("lang" IS NULL) = ("config" IS NULL)),
    CONSTRAINT "artifact_facts" CHECK (jsonb_typeof("facts") = 'object')
);

CREATE TABLE "artifact_input" (
    "output" VARCHAR(71) NOT NULL,
    "input" VARCHAR(71) NOT NULL,

    CONSTRAINT "artifact_input_pkey" PRIMARY KEY ("output","input"),
    CONSTRAINT "artifact_input_not_itself" CHECK ("output" <> "input")
);

CREATE TABLE "agent_release" (
    "version" VARCHAR(40) NOT NULL,
    "digest" VARCHAR(71) NOT NULL,
    "kind" "artifact_kind" NOT NULL DEFAULT 'agent',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_release_pkey" PRIMARY KEY ("version"),
    CONSTRAINT "agent_release_kind" CHECK ("kind" = 'agent')
);

CREATE TABLE "combination" (
    "id" VARCHAR(71) NOT NULL,
    "lang" VARCHAR(40) NOT NULL,
    "image" VARCHAR(71) NOT NULL,
    "config" VARCHAR(71) NOT NULL,
    "agent" VARCHAR(40) NOT NULL,
    "image_kind" "artifact_kind" NOT NULL DEFAULT 'image',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "combination_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "combination_id" CHECK ("id" ~ '^sha256:[0-9a-f]{64}$'),
    CONSTRAINT "combination_image_kind" CHECK ("image_kind" = 'image')
);

CREATE UNIQUE INDEX "config_version_digest_lang_key" ON "config_version"("digest", "lang");
CREATE INDEX "artifact_kind_lang_created_at_idx" ON "artifact"("kind", "lang", "created_at");
CREATE UNIQUE INDEX "artifact_digest_kind_key" ON "artifact"("digest", "kind");
CREATE UNIQUE INDEX "artifact_digest_lang_kind_key" ON "artifact"("digest", "lang", "kind");
CREATE INDEX "artifact_input_input_idx" ON "artifact_input"("input");
CREATE UNIQUE INDEX "agent_release_digest_kind_key" ON "agent_release"("digest", "kind");
CREATE UNIQUE INDEX "combination_image_config_agent_key" ON "combination"("image", "config", "agent");
CREATE UNIQUE INDEX "combination_lang_id_key" ON "combination"("lang", "id");

ALTER TABLE "config_version" ADD CONSTRAINT "config_version_lang_fkey" FOREIGN KEY ("lang") REFERENCES "language"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "artifact" ADD CONSTRAINT "artifact_lang_fkey" FOREIGN KEY ("lang") REFERENCES "language"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "artifact" ADD CONSTRAINT "artifact_config_lang_fkey" FOREIGN KEY ("config", "lang") REFERENCES "config_version"("digest", "lang") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "artifact_input" ADD CONSTRAINT "artifact_input_output_fkey" FOREIGN KEY ("output") REFERENCES "artifact"("digest") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "artifact_input" ADD CONSTRAINT "artifact_input_input_fkey" FOREIGN KEY ("input") REFERENCES "artifact"("digest") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "agent_release" ADD CONSTRAINT "agent_release_digest_kind_fkey" FOREIGN KEY ("digest", "kind") REFERENCES "artifact"("digest", "kind") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "combination" ADD CONSTRAINT "combination_lang_fkey" FOREIGN KEY ("lang") REFERENCES "language"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "combination" ADD CONSTRAINT "combination_image_lang_image_kind_fkey" FOREIGN KEY ("image", "lang", "image_kind") REFERENCES "artifact"("digest", "lang", "kind") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "combination" ADD CONSTRAINT "combination_config_lang_fkey" FOREIGN KEY ("config", "lang") REFERENCES "config_version"("digest", "lang") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "combination" ADD CONSTRAINT "combination_agent_fkey" FOREIGN KEY ("agent") REFERENCES "agent_release"("version") ON DELETE RESTRICT ON UPDATE RESTRICT;
