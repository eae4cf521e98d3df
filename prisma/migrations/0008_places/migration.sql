-- Limits over all servers: who waits or is being let in, and as whom a session counts. New columns may be null and nothing reads
-- them but the new functions, so older code runs beside it; what that lets in is counted in all, and by no address.
ALTER TABLE "session"
    ADD COLUMN "visitor" VARCHAR(64),
    ADD COLUMN "network" VARCHAR(64),
    ADD COLUMN "entered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp();
CREATE INDEX "session_visitor" ON "session"("visitor") WHERE (visitor IS NOT NULL);

CREATE TYPE "place_state" AS ENUM ('waiting', 'entered');
CREATE TABLE "place" (
    "session" CHAR(32) NOT NULL,
    "visitor" VARCHAR(64) NOT NULL,
    "network" VARCHAR(64) NOT NULL,
    "owner" VARCHAR(100) NOT NULL,
    "state" "place_state" NOT NULL,
    "seq" BIGINT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "entered_at" TIMESTAMPTZ(3),

    CONSTRAINT "place_pkey" PRIMARY KEY ("session"),
    CONSTRAINT "place_entered" CHECK (("state" = 'entered') = ("entered_at" IS NOT NULL))
);

-- What counts now: a place until the session's row replaces it in one transaction.
CREATE FUNCTION "place_held"() RETURNS TABLE ("visitor" VARCHAR, "network" VARCHAR) LANGUAGE sql STABLE AS $$
    SELECT s.visitor, s.network FROM session s WHERE s.ended_at IS NULL
    UNION ALL
    SELECT p.visitor, p.network FROM place p WHERE p.state = 'entered'
$$;

-- Who waits, by number in the order in which they are served (lib/domain/turns.ts).
CREATE FUNCTION "place_turn"() RETURNS TABLE ("session" CHAR(32), "number" BIGINT) LANGUAGE sql STABLE AS $$
    WITH held AS MATERIALIZED (SELECT * FROM place_held()),
    by_visitor AS (SELECT visitor, count(*) AS n FROM held GROUP BY 1),
    by_network AS (SELECT network, count(*) AS n FROM held GROUP BY 1),
    of_visitor AS (
        SELECT p.*, coalesce(h.n, 0) + row_number() OVER (PARTITION BY p.visitor ORDER BY p.seq) AS turn
        FROM place p LEFT JOIN by_visitor h USING (visitor) WHERE p.state = 'waiting'
    ),
    of_network AS (
        SELECT o.*, coalesce(h.n, 0) + row_number() OVER (PARTITION BY o.network ORDER BY o.turn, o.seq) AS network_turn
        FROM of_visitor o LEFT JOIN by_network h USING (network)
    )
    SELECT o.session, row_number() OVER (ORDER BY o.network_turn, o.seq) FROM of_network o
$$;

-- Whoever changes places holds this lock to the end of the transaction, and counts in statements after it, so that nobody counts
-- while another adds. The commit is not waited for: after a crash of the database a place less is counted, or a member is leased
-- again, whom its agent turns away.
CREATE FUNCTION "place_lock"() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(1886151013);
END $$;

-- `number`: of one who waits the place, of one who is too fast the milliseconds until they are not.
CREATE FUNCTION "place_enter"(
    p_session CHAR(32), p_visitor TEXT, p_network TEXT, p_owner TEXT,
    sessions_max INTEGER, per_visitor_max INTEGER, starts_per_minute INTEGER, queue_max INTEGER
) RETURNS TABLE ("outcome" TEXT, "number" INTEGER) LANGUAGE plpgsql AS $$
DECLARE
    since TIMESTAMPTZ;
    nth TIMESTAMPTZ;
    held BIGINT;
    held_own BIGINT;
    waiting BIGINT;
    waiting_own BIGINT;
    next BIGINT;
BEGIN
    PERFORM place_lock();
    SELECT count(*), count(*) FILTER (WHERE h.visitor = p_visitor) INTO held, held_own FROM place_held() h;
    SELECT count(*) FILTER (WHERE p.state = 'waiting'), count(*) FILTER (WHERE p.state = 'waiting' AND p.visitor = p_visitor),
        coalesce(max(p.seq), 0) + 1 INTO waiting, waiting_own, next FROM place p;
    IF held_own + waiting_own >= per_visitor_max THEN
        RETURN QUERY SELECT 'too_many_sessions', 0;
        RETURN;
    END IF;
    -- What lies ahead of the clock was written before that was set back; it would block for as long as that was much.
    since := clock_timestamp() - interval '1 minute';
    SELECT at INTO nth FROM (
        SELECT s.entered_at AS at FROM session s WHERE s.visitor = p_visitor AND s.entered_at BETWEEN since AND since + interval '61 seconds'
        UNION ALL
        SELECT p.asked_at FROM place p WHERE p.visitor = p_visitor AND p.asked_at BETWEEN since AND since + interval '61 seconds'
    ) starts ORDER BY at DESC OFFSET starts_per_minute - 1 LIMIT 1;
    IF FOUND THEN
        RETURN QUERY SELECT 'too_fast', ceil(extract(epoch FROM nth - since) * 1000)::integer + 1;
        RETURN;
    END IF;
    IF waiting = 0 AND held < sessions_max THEN
        INSERT INTO place (session, visitor, network, owner, state, seq, entered_at)
            VALUES (p_session, p_visitor, p_network, p_owner, 'entered', next, clock_timestamp());
        RETURN QUERY SELECT 'entered', 0;
        RETURN;
    END IF;
    INSERT INTO place (session, visitor, network, owner, state, seq)
        VALUES (p_session, p_visitor, p_network, p_owner, 'waiting', next);
    DELETE FROM place p USING place_turn() t WHERE t.session = p.session AND t.number > queue_max;
    SELECT t.number INTO number FROM place_turn() t WHERE t.session = p_session;
    outcome := CASE WHEN FOUND THEN 'waiting' ELSE 'queue_full' END;
    RETURN NEXT;
END $$;

CREATE FUNCTION "place_turns"(p_owner TEXT, p_waiting TEXT[], sessions_max INTEGER)
RETURNS TABLE ("session" CHAR(32), "number" INTEGER) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM place_lock();
    DELETE FROM place p WHERE p.owner = p_owner AND p.state = 'waiting' AND NOT p.session::text = ANY (p_waiting);
    UPDATE place p SET state = 'entered', entered_at = clock_timestamp() FROM place_turn() t
        WHERE t.session = p.session AND t.number <= sessions_max - (SELECT count(*) FROM place_held());
    RETURN QUERY SELECT t.session, t.number::integer FROM place_turn() t WHERE t.session::text = ANY (p_waiting)
        UNION ALL SELECT p.session, 0 FROM place p WHERE p.state = 'entered' AND p.session::text = ANY (p_waiting);
END $$;
