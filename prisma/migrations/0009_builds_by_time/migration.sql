-- Pages of all builds, the newest first. Older code runs beside it.
CREATE INDEX "build_by_time" ON "build"("requested_at", "id");
