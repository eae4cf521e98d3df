-- People, how they are known, and what they hold. New tables and an index only: older code runs beside it.
CREATE TYPE "person_role" AS ENUM ('visitor', 'contributor', 'maintainer', 'admin');

CREATE TABLE "person" (
    "id" CHAR(17) NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "role" "person_role" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "person_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "person_name" CHECK ("name" <> '')
);

CREATE TABLE "identity" (
    "provider" VARCHAR(20) NOT NULL,
    "subject" VARCHAR(100) NOT NULL,
    "person" CHAR(17) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "identity_pkey" PRIMARY KEY ("provider","subject")
);

CREATE TABLE "login" (
    "hash" CHAR(64) NOT NULL,
    "person" CHAR(17) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "login_pkey" PRIMARY KEY ("hash")
);

CREATE TABLE "admin_link" (
    "hash" CHAR(64) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "admin_link_pkey" PRIMARY KEY ("hash")
);

CREATE TABLE "api_token" (
    "id" CHAR(17) NOT NULL,
    "hash" CHAR(64) NOT NULL,
    "person" CHAR(17) NOT NULL,
    "name" VARCHAR(60) NOT NULL,
    "scopes" VARCHAR(16)[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_token_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "api_token_scopes" CHECK ("scopes" IS NOT NULL)
);

CREATE TABLE "idempotency_key" (
    "person" CHAR(17) NOT NULL,
    "key" VARCHAR(100) NOT NULL,
    "request" CHAR(64) NOT NULL,
    "begun_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "status" INTEGER,
    "answer" JSONB,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("person","key"),
    CONSTRAINT "idempotency_key_answered" CHECK (("status" IS NULL) = ("answer" IS NULL))
);

CREATE INDEX "identity_person_idx" ON "identity"("person");
CREATE INDEX "login_person_idx" ON "login"("person");
CREATE UNIQUE INDEX "api_token_hash_key" ON "api_token"("hash");
CREATE INDEX "api_token_person_idx" ON "api_token"("person");
CREATE INDEX "idempotency_key_begun_at_idx" ON "idempotency_key"("begun_at");
CREATE INDEX "audit_event_at_idx" ON "audit_event"("at");

ALTER TABLE "identity" ADD CONSTRAINT "identity_person_fkey" FOREIGN KEY ("person") REFERENCES "person"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
ALTER TABLE "login" ADD CONSTRAINT "login_person_fkey" FOREIGN KEY ("person") REFERENCES "person"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_person_fkey" FOREIGN KEY ("person") REFERENCES "person"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_person_fkey" FOREIGN KEY ("person") REFERENCES "person"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
