-- What is live, and who changed what. New tables only: older code runs beside it.
CREATE TYPE "deployment_kind" AS ENUM ('promote', 'rollback');

CREATE TABLE "deployment" (
    "lang" VARCHAR(40) NOT NULL,
    "number" INTEGER NOT NULL,
    "combination" VARCHAR(71) NOT NULL,
    "kind" "deployment_kind" NOT NULL,
    "by" VARCHAR(100) NOT NULL,
    "restores" INTEGER,
    "forced" VARCHAR(16)[],
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deployment_pkey" PRIMARY KEY ("lang","number"),
    CONSTRAINT "deployment_number" CHECK ("number" > 0),
    CONSTRAINT "deployment_rolled_back_to" CHECK (("kind" = 'rollback') = ("restores" IS NOT NULL) AND ("restores" IS NULL OR "restores" < "number")),
    CONSTRAINT "deployment_forced" CHECK ("forced" IS NOT NULL)
);

CREATE TABLE "audit_event" (
    "id" CHAR(32) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" VARCHAR(100) NOT NULL,
    "action" VARCHAR(40) NOT NULL,
    "subject" VARCHAR(100) NOT NULL,
    "facts" JSONB NOT NULL,

    CONSTRAINT "audit_event_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "audit_event_facts" CHECK (jsonb_typeof("facts") = 'object')
);

CREATE INDEX "deployment_combination_idx" ON "deployment"("combination");
CREATE INDEX "audit_event_subject_at_idx" ON "audit_event"("subject", "at");

ALTER TABLE "deployment" ADD CONSTRAINT "deployment_lang_fkey" FOREIGN KEY ("lang") REFERENCES "language"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "deployment" ADD CONSTRAINT "deployment_lang_restores_fkey" FOREIGN KEY ("lang", "restores") REFERENCES "deployment"("lang", "number") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "deployment" ADD CONSTRAINT "deployment_lang_combination_fkey" FOREIGN KEY ("lang", "combination") REFERENCES "combination"("lang", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- History is added to, never altered.
CREATE FUNCTION "history_stays"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are never altered', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER "deployment_stays" BEFORE UPDATE OR DELETE ON "deployment" FOR EACH ROW EXECUTE FUNCTION "history_stays"();
CREATE TRIGGER "audit_event_stays" BEFORE UPDATE OR DELETE ON "audit_event" FOR EACH ROW EXECUTE FUNCTION "history_stays"();
