-- Sessions and pool members. First of all, so no older code runs beside it.
CREATE TABLE "session" (
    "id" CHAR(32) NOT NULL,
    "lang" VARCHAR(40) NOT NULL,
    "sandbox" CHAR(22) NOT NULL,
    "sandbox_key" TEXT NOT NULL,
    "token_hash" CHAR(64) NOT NULL,
    "epoch" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "life_ends_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "reason" VARCHAR(16),

    CONSTRAINT "session_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "session_ended_with_reason" CHECK (("ended_at" IS NULL) = ("reason" IS NULL))
);

CREATE TABLE "pool_member" (
    "sandbox" CHAR(22) NOT NULL,
    "key" TEXT NOT NULL,
    "lang" VARCHAR(40),
    "ready_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "leased_by" CHAR(32),
    "leased_at" TIMESTAMPTZ(3),

    CONSTRAINT "pool_member_pkey" PRIMARY KEY ("sandbox"),
    CONSTRAINT "pool_member_leased_by_somebody" CHECK (("leased_by" IS NULL) = ("leased_at" IS NULL))
);

CREATE UNIQUE INDEX "session_sandbox_key" ON "session"("sandbox");
CREATE INDEX "session_ended_at_started_at_idx" ON "session"("ended_at", "started_at");
CREATE INDEX "pool_member_lang_leased_by_ready_at_idx" ON "pool_member"("lang", "leased_by", "ready_at");
