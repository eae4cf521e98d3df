-- Builds, their queue and their logs. New tables only: older code runs beside it.
CREATE TYPE "step" AS ENUM ('package', 'image', 'test');
CREATE TYPE "outcome" AS ENUM ('ok', 'failed', 'infra', 'timeout', 'cancelled', 'superseded', 'waiting');
CREATE TYPE "step_state" AS ENUM ('blocked', 'ready', 'running', 'done');
CREATE TYPE "check_kind" AS ENUM ('ensure', 'run', 'repl', 'runrepl', 'scope', 'format', 'lsp');
CREATE TYPE "check_outcome" AS ENUM ('ok', 'failed', 'timeout', 'skipped');

CREATE TABLE "builder" (
    "name" VARCHAR(100) NOT NULL,
    "slots" INTEGER NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "builder_pkey" PRIMARY KEY ("name"),
    CONSTRAINT "builder_slots" CHECK ("slots" >= 0)
);

CREATE TABLE "build" (
    "id" CHAR(17) NOT NULL,
    "lang" VARCHAR(40) NOT NULL,
    "config" VARCHAR(71) NOT NULL,
    "from_step" "step" NOT NULL,
    "inputs" JSONB NOT NULL,
    "inputs_hash" VARCHAR(71) NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "requested_by" VARCHAR(100) NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retry_of" CHAR(17),
    "stop_by" VARCHAR(100),
    "stop_as" "outcome",
    "shared" BOOLEAN NOT NULL DEFAULT false,
    "outcome" "outcome",
    "reason" VARCHAR(1000),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "build_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "build_id" CHECK ("id" ~ '^b[0-9a-f]{16}$'),
    CONSTRAINT "build_ended_with_outcome" CHECK (("ended_at" IS NULL) = ("outcome" IS NULL)),
    CONSTRAINT "build_reason" CHECK ("outcome" IS NULL OR "outcome" = 'ok' OR "reason" IS NOT NULL),
    CONSTRAINT "build_stopped_by_somebody" CHECK (("stop_by" IS NULL) = ("stop_as" IS NULL)),
    CONSTRAINT "build_stopped_as" CHECK ("stop_as" IN ('cancelled', 'superseded')),
    CONSTRAINT "build_retries_another" CHECK ("retry_of" <> "id")
);

CREATE TABLE "build_step" (
    "build" CHAR(17) NOT NULL,
    "step" "step" NOT NULL,
    "state" "step_state" NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "ready_at" TIMESTAMPTZ(3),
    "timeout_ms" INTEGER NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "outcome" "outcome",
    "artifact" VARCHAR(71),
    "skipped" BOOLEAN NOT NULL DEFAULT false,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "build_step_pkey" PRIMARY KEY ("build","step"),
    CONSTRAINT "build_step_done_with_outcome" CHECK (("state" = 'done') = ("outcome" IS NOT NULL)),
    CONSTRAINT "build_step_ended_with_outcome" CHECK (("ended_at" IS NULL) = ("outcome" IS NULL)),
    CONSTRAINT "build_step_ready_at_a_time" CHECK ("state" <> 'ready' OR "ready_at" IS NOT NULL),
    CONSTRAINT "build_step_artifact" CHECK ("artifact" IS NULL OR ("outcome" = 'ok' AND "step" <> 'test')),
    CONSTRAINT "build_step_made_something" CHECK ("outcome" <> 'ok' OR "step" = 'test' OR "artifact" IS NOT NULL),
    CONSTRAINT "build_step_timeout" CHECK ("timeout_ms" > 0)
);

CREATE TABLE "build_attempt" (
    "build" CHAR(17) NOT NULL,
    "step" "step" NOT NULL,
    "number" INTEGER NOT NULL,
    "builder" VARCHAR(100) NOT NULL,
    "leased_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "beats" INTEGER NOT NULL DEFAULT 0,
    "ended_at" TIMESTAMPTZ(3),
    "outcome" "outcome",
    "reason" VARCHAR(1000),
    "log_next" INTEGER NOT NULL DEFAULT 0,
    "log_bytes" BIGINT NOT NULL DEFAULT 0,
    "log_cut_from" BIGINT,
    "log_cut_to" BIGINT,
    "log_object" VARCHAR(200),
    "log_digest" VARCHAR(71),

    CONSTRAINT "build_attempt_pkey" PRIMARY KEY ("build","step","number"),
    CONSTRAINT "build_attempt_number" CHECK ("number" > 0),
    CONSTRAINT "build_attempt_ended_with_outcome" CHECK (("ended_at" IS NULL) = ("outcome" IS NULL)),
    CONSTRAINT "build_attempt_reason" CHECK ("outcome" IS NULL OR "outcome" = 'ok' OR "reason" IS NOT NULL),
    CONSTRAINT "build_attempt_log_cut" CHECK (("log_cut_from" IS NULL) = ("log_cut_to" IS NULL) AND "log_cut_from" < "log_cut_to" AND "log_cut_to" <= "log_bytes"),
    CONSTRAINT "build_attempt_log_object" CHECK (("log_object" IS NULL) = ("log_digest" IS NULL)),
    CONSTRAINT "build_attempt_finalised_after_its_end" CHECK ("log_object" IS NULL OR "ended_at" IS NOT NULL)
);

CREATE TABLE "log_chunk" (
    "build" CHAR(17) NOT NULL,
    "step" "step" NOT NULL,
    "number" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "begins" BIGINT NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "log_chunk_pkey" PRIMARY KEY ("build","step","number","seq"),
    CONSTRAINT "log_chunk_size" CHECK (length("bytes") BETWEEN 1 AND 131072),
    CONSTRAINT "log_chunk_seq" CHECK ("seq" >= 0 AND "begins" >= 0)
);

CREATE TABLE "test_run" (
    "build" CHAR(17) NOT NULL,
    "check" "check_kind" NOT NULL,
    "combination" VARCHAR(71) NOT NULL,
    "outcome" "check_outcome" NOT NULL,
    "ms" INTEGER NOT NULL,
    "why" VARCHAR(1000),
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "test_run_pkey" PRIMARY KEY ("build","check"),
    CONSTRAINT "test_run_ms" CHECK ("ms" >= 0),
    CONSTRAINT "test_run_why" CHECK ("outcome" = 'ok' OR "why" IS NOT NULL)
);

CREATE UNIQUE INDEX "build_retry_of_key" ON "build"("retry_of");
CREATE INDEX "build_lang_requested_at_idx" ON "build"("lang", "requested_at");
CREATE INDEX "build_live" ON "build"("requested_at") WHERE (outcome IS NULL);
CREATE UNIQUE INDEX "build_same_inputs" ON "build"("inputs_hash") WHERE ((outcome IS NULL AND stop_as IS NULL) OR outcome = 'ok'::outcome);
CREATE INDEX "build_step_queue" ON "build_step"("priority" DESC, "ready_at", "build") WHERE (state = 'ready'::step_state);
CREATE INDEX "build_step_artifact_idx" ON "build_step"("artifact");
CREATE INDEX "build_attempt_live" ON "build_attempt"("builder") WHERE (ended_at IS NULL);
CREATE INDEX "build_attempt_unfinalised" ON "build_attempt"("ended_at") WHERE (ended_at IS NOT NULL AND log_object IS NULL);
CREATE UNIQUE INDEX "build_attempt_one_at_a_time" ON "build_attempt"("build", "step") WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX "log_chunk_build_step_number_begins_key" ON "log_chunk"("build", "step", "number", "begins");
CREATE INDEX "test_run_combination_check_at_idx" ON "test_run"("combination", "check", "at");

ALTER TABLE "build" ADD CONSTRAINT "build_lang_fkey" FOREIGN KEY ("lang") REFERENCES "language"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "build" ADD CONSTRAINT "build_config_lang_fkey" FOREIGN KEY ("config", "lang") REFERENCES "config_version"("digest", "lang") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "build" ADD CONSTRAINT "build_retry_of_fkey" FOREIGN KEY ("retry_of") REFERENCES "build"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "build_step" ADD CONSTRAINT "build_step_build_fkey" FOREIGN KEY ("build") REFERENCES "build"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
ALTER TABLE "build_step" ADD CONSTRAINT "build_step_artifact_fkey" FOREIGN KEY ("artifact") REFERENCES "artifact"("digest") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "build_attempt" ADD CONSTRAINT "build_attempt_build_step_fkey" FOREIGN KEY ("build", "step") REFERENCES "build_step"("build", "step") ON DELETE CASCADE ON UPDATE RESTRICT;
ALTER TABLE "build_attempt" ADD CONSTRAINT "build_attempt_builder_fkey" FOREIGN KEY ("builder") REFERENCES "builder"("name") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "log_chunk" ADD CONSTRAINT "log_chunk_build_step_number_fkey" FOREIGN KEY ("build", "step", "number") REFERENCES "build_attempt"("build", "step", "number") ON DELETE CASCADE ON UPDATE RESTRICT;
ALTER TABLE "test_run" ADD CONSTRAINT "test_run_build_fkey" FOREIGN KEY ("build") REFERENCES "build"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "test_run" ADD CONSTRAINT "test_run_combination_fkey" FOREIGN KEY ("combination") REFERENCES "combination"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- A build, a step and an attempt end once, whoever tries again, and stay as they ended.
CREATE FUNCTION "outcome_is_final"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The outcome of this % is final', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER "build_outcome_is_final" BEFORE UPDATE OF "outcome", "reason", "ended_at" ON "build" FOR EACH ROW WHEN (OLD."outcome" IS NOT NULL) EXECUTE FUNCTION "outcome_is_final"();
CREATE TRIGGER "build_step_outcome_is_final" BEFORE UPDATE OF "state", "outcome", "artifact" ON "build_step" FOR EACH ROW WHEN (OLD."outcome" IS NOT NULL) EXECUTE FUNCTION "outcome_is_final"();
CREATE TRIGGER "build_attempt_outcome_is_final" BEFORE UPDATE OF "outcome", "reason", "ended_at" ON "build_attempt" FOR EACH ROW WHEN (OLD."outcome" IS NOT NULL) EXECUTE FUNCTION "outcome_is_final"();
