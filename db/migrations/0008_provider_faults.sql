-- What a provider may do to us: approve another amount than asked, and every way of not answering.

-- `differs`: approved, but for another amount; the reason says which.
ALTER TABLE payment.ledger DROP CONSTRAINT ledger_outcome_check;
ALTER TABLE payment.ledger ADD CONSTRAINT ledger_outcome_check CHECK (outcome IN (
  'unknown', 'approved', 'declined', 'closed', 'not_needed', 'differs'));

-- What the sandbox will do wrong with the calls about one authorisation: put there by a test card
-- (src/payment/README.md) when it is authorised, or by a test. One row a step, or one for `any`.
CREATE TABLE sandbox.fault (
  authorisation text    NOT NULL,  -- the key of the authorise
  step          text    NOT NULL CHECK (step IN (
                  'authorise', 'capture', 'void', 'cancel', 'lookup', 'any')),
  kind          text    NOT NULL CHECK (kind IN (
                  'lost_before', 'lost_after', 'late', 'slow', 'twice', 'silent', 'refused',
                  'other_amount')),
  calls         integer NOT NULL DEFAULT 1 CHECK (calls >= 0),  -- that it will still meet
  delay_ms      bigint  NOT NULL DEFAULT 0 CHECK (delay_ms BETWEEN 0 AND 600000),
  silent_until  timestamptz,       -- `silent`: `delay_ms` after the first call that met it
  PRIMARY KEY (authorisation, step)
);

-- For payment's vault, too: which card the order was checked with.
CREATE OR REPLACE VIEW orders.published_order_states AS
  SELECT order_id, state, updated_at, reason, was_in_review, currency, total_minor, card_token
  FROM orders.orders;

-- As before; a payment that waits for its capture may have it already, and one that is parked
-- because the provider took another amount says so in its ledger. New: the vault.
CREATE OR REPLACE VIEW payment.published_audit AS
  WITH provider AS (
    SELECT split_part(authorisation, ':', 1) AS order_id,
           count(*) FILTER (WHERE kind = 'authorise' AND outcome = 'approved') AS authorised,
           count(*) FILTER (WHERE kind = 'capture' AND outcome = 'approved') AS captured,
           count(*) FILTER (WHERE kind = 'void' AND outcome = 'approved') AS voided,
           sum(amount_minor) FILTER (WHERE kind = 'capture' AND outcome = 'approved') AS amount_minor
    FROM sandbox.published_ledger
    GROUP BY 1),
  counted AS (
    SELECT order_id, coalesce(p.state, 'no row') AS state, p.amount_minor AS due,
           coalesce(s.authorised, 0) AS authorised, coalesce(s.captured, 0) AS captured,
           coalesce(s.voided, 0) AS voided, s.amount_minor AS amount_minor
    FROM payment.participant p FULL JOIN provider s USING (order_id))
  SELECT 'captured' AS name, order_id AS subject,
         CASE WHEN state = 'committed' THEN '1 capture of ' || due ELSE '0 captures' END AS expected,
         format('%s of %s; payment %s', captured, coalesce(amount_minor, 0), state) AS found
  FROM counted
  WHERE captured > 1
     OR (captured = 1 AND state NOT IN ('committing', 'committed'))
     OR (state = 'committed' AND (captured = 0 OR amount_minor IS DISTINCT FROM due))
  UNION ALL
  SELECT 'authorised', order_id, 'no open authorisation of a payment that is over',
         format('%s authorised, %s captured, %s voided; payment %s',
                authorised, captured, voided, state)
  FROM counted
  WHERE state IN ('aborted', 'refused', 'no row') AND authorised <> voided
  UNION ALL
  SELECT 'ledger', coalesce(l.key, o.key),
         'the provider''s outcome: ' || coalesce(o.outcome || ' ' || o.amount_minor, 'none'),
         coalesce(l.outcome || ' ' || l.amount_minor, 'no intent')
  FROM payment.ledger l FULL JOIN sandbox.published_ledger o ON o.key = l.key
  WHERE l.step IS DISTINCT FROM 'cancel'
    AND (l.key IS NULL
      OR (o.key IS NULL AND l.outcome IN ('approved', 'declined', 'closed', 'differs'))
      OR (o.key IS NOT NULL AND l.outcome NOT IN ('unknown', 'differs') AND l.outcome <> o.outcome)
      OR (l.outcome = 'differs' AND (o.outcome <> 'approved' OR o.amount_minor = l.amount_minor)))
  UNION ALL
  SELECT 'intents', key, 'an outcome, its payment is over', 'unknown'
  FROM payment.ledger JOIN payment.participant USING (order_id)
  WHERE outcome = 'unknown' AND state IN ('committed', 'aborted', 'refused')
  UNION ALL
  SELECT 'vault', v.order_id, 'no card a minute after its order ended', 'order ' || o.state
  FROM payment.vault v JOIN orders.published_order_states o USING (order_id)
  WHERE o.state IN ('completed', 'failed', 'rejected', 'canceled')
    AND o.updated_at < now() - interval '1 minute' AND v.created_at < now() - interval '1 minute'
  UNION ALL
  SELECT 'fence', order_id, format('at most %s, the highest seen', highest), format('%s', fence)
  FROM payment.participant, payment.fence WHERE fence > highest
  UNION ALL
  SELECT 'fence', 'payment.participant', 'a guard against lower fences', 'none'
  WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_trigger
    WHERE tgrelid = 'payment.participant'::regclass AND tgname = 'guard' AND tgenabled <> 'D');
