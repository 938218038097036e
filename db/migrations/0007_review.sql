-- Review by a person: until when it may be decided, and who decided what. Owner: src/orders.
-- Approve, decline and the sweep are one compare-and-set on (in_review, revision).
ALTER TABLE orders.orders
  ADD COLUMN review_until timestamptz,  -- nothing decided by then is declined
  ADD COLUMN reviewed_at  timestamptz,
  ADD COLUMN reviewed_by  text,         -- an operator's name, or 'sweep'
  ADD COLUMN review_note  text;         -- for the file; a shopper never sees it

UPDATE orders.orders SET review_until = updated_at + interval '7 days' WHERE state = 'in_review';

ALTER TABLE orders.orders
  ADD CHECK (state <> 'in_review' OR review_until IS NOT NULL),
  ADD CHECK ((reviewed_at IS NULL) = (reviewed_by IS NULL));

-- For the sweep.
CREATE INDEX orders_in_review ON orders.orders (review_until) WHERE state = 'in_review';
-- For operators' lists: the states of which there are few, so that a good order never touches it.
CREATE INDEX orders_for_people ON orders.orders (state, order_id)
  WHERE state IN ('in_review', 'needs_attention', 'rejected', 'failed', 'canceled');

-- Whoever moves an order without the executor (a decided review, a rejected submission, an
-- abandoned order) sends NOTIFY order_moved with its id in the same transaction, so that a client
-- that waits at another orchestrator hears of it, too.
