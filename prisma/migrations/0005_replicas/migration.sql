-- Sessions and pool members that several servers share. Servers were alone with their database until now, so no older code
-- runs beside it.
CREATE TABLE "replica" (
    "name" VARCHAR(100) NOT NULL,
    "beats" INTEGER NOT NULL DEFAULT 1,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "replica_pkey" PRIMARY KEY ("name")
);

ALTER TABLE "session"
    ADD COLUMN "owner" VARCHAR(100) NOT NULL DEFAULT '',
    ADD COLUMN "address" VARCHAR(64);

CREATE TYPE "member_state" AS ENUM ('creating', 'free', 'leased');

ALTER TABLE "pool_member"
    ADD COLUMN "owner" VARCHAR(100) NOT NULL DEFAULT '',
    ADD COLUMN "state" "member_state" NOT NULL DEFAULT 'free',
    ADD COLUMN "address" VARCHAR(64),
    ADD COLUMN "kept_as" VARCHAR(64) NOT NULL DEFAULT '';
UPDATE "pool_member" SET "state" = 'leased' WHERE "leased_by" IS NOT NULL;
ALTER TABLE "pool_member"
    ADD CONSTRAINT "pool_member_state" CHECK (("state" = 'leased') = ("leased_by" IS NOT NULL));

DROP INDEX "pool_member_lang_leased_by_ready_at_idx";
CREATE INDEX "pool_member_lang_state_ready_at_idx" ON "pool_member"("lang", "state", "ready_at");
CREATE INDEX "session_live" ON "session"("owner") WHERE (ended_at IS NULL);
