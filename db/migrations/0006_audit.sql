-- What must hold of stock and money when nothing is under way, as views that give one row for each
-- thing that is wrong: who looks from outside (src/cli/audit.h) reads no other table of ours.

CREATE VIEW inventory.published_holds AS
  SELECT order_id, state, reason, fence, changed_at FROM inventory.participant;

CREATE VIEW inventory.published_audit AS
  WITH claimed AS (
    SELECT line.book_id,
           coalesce(sum(line.quantity) FILTER (WHERE p.state = 'prepared'), 0) AS held,
           coalesce(sum(line.quantity) FILTER (WHERE p.state = 'committed'), 0) AS sold
    FROM inventory.participant p, unnest(p.book_ids, p.quantities) AS line (book_id, quantity)
    WHERE p.state IN ('prepared', 'committed')
    GROUP BY line.book_id),
  counted AS (
    SELECT book_id, s.initial, s.free, s.held, s.sold,
           coalesce(c.held, 0) AS held_by_orders, coalesce(c.sold, 0) AS sold_to_orders
    FROM inventory.stock s FULL JOIN claimed c USING (book_id))
  SELECT 'stock' AS name, book_id AS subject,
         'free + held + sold = initial, none negative' AS expected,
         format('%s + %s + %s, initial %s', free, held, sold, initial) AS found
  FROM counted
  WHERE (free + held + sold = initial AND least(free, held, sold) >= 0) IS NOT TRUE
  UNION ALL
  SELECT 'held', book_id, format('%s held by orders', held_by_orders), format('%s', held)
  FROM counted WHERE held IS DISTINCT FROM held_by_orders
  UNION ALL
  SELECT 'sold', book_id, format('%s sold to orders', sold_to_orders), format('%s', sold)
  FROM counted WHERE sold IS DISTINCT FROM sold_to_orders
  UNION ALL
  -- A row is written under the highest fence seen or an older one, and no write may lower it.
  SELECT 'fence', order_id, format('at most %s, the highest seen', highest), format('%s', fence)
  FROM inventory.participant, inventory.fence WHERE fence > highest
  UNION ALL
  SELECT 'fence', 'inventory.participant', 'a guard against lower fences', 'none'
  WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_trigger
    WHERE tgrelid = 'inventory.participant'::regclass AND tgname = 'guard' AND tgenabled <> 'D');

-- Reads the provider's ledger as the company's customer would: through what it publishes.
CREATE VIEW payment.published_audit AS
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
  WHERE captured <> (state = 'committed')::int
     OR (captured = 1 AND amount_minor IS DISTINCT FROM due)
  UNION ALL
  SELECT 'authorised', order_id, 'no open authorisation of a payment that is over',
         format('%s authorised, %s captured, %s voided; payment %s',
                authorised, captured, voided, state)
  FROM counted
  WHERE state IN ('aborted', 'refused', 'no row') AND authorised <> voided
  UNION ALL
  -- Our ledger and the provider's, key by key. A call that was never made or was not needed has a
  -- row here only, a cancel is no operation there; a row there only is a call without an intent.
  SELECT 'ledger', coalesce(l.key, o.key), 'the provider''s outcome: ' || coalesce(o.outcome, 'none'),
         coalesce(l.outcome, 'no intent')
  FROM payment.ledger l FULL JOIN sandbox.published_ledger o ON o.key = l.key
  WHERE l.step IS DISTINCT FROM 'cancel'
    AND (l.key IS NULL
      OR (o.key IS NOT NULL AND l.outcome <> o.outcome)
      OR (o.key IS NULL AND l.outcome IN ('approved', 'declined', 'closed')))
  UNION ALL
  SELECT 'intents', key, 'an outcome, its payment is over', 'unknown'
  FROM payment.ledger JOIN payment.participant USING (order_id)
  WHERE outcome = 'unknown' AND state IN ('committed', 'aborted', 'refused')
  UNION ALL
  SELECT 'fence', order_id, format('at most %s, the highest seen', highest), format('%s', fence)
  FROM payment.participant, payment.fence WHERE fence > highest
  UNION ALL
  SELECT 'fence', 'payment.participant', 'a guard against lower fences', 'none'
  WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_trigger
    WHERE tgrelid = 'payment.participant'::regclass AND tgname = 'guard' AND tgenabled <> 'D');

-- As before, with what a look from outside compares: why it ended, and what was due.
CREATE OR REPLACE VIEW orders.published_order_states AS
  SELECT order_id, state, updated_at, reason, was_in_review, currency, total_minor
  FROM orders.orders;
