-- Attempts whose place was lost. Older code writes none, and tries them as often as every other.
ALTER TABLE "build_attempt" ADD COLUMN "place_lost" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "build_attempt" ADD CONSTRAINT "build_attempt_place_lost" CHECK (NOT "place_lost" OR "outcome" = 'infra');
