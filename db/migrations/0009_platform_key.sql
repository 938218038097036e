-- The check value of the platform's key is payment's; the other processes that hold the key compare
-- theirs with it through this function. Gives the value that counts: of two that start at once with
-- an empty table, the first one's.
CREATE FUNCTION payment.remember_key_check(candidate text) RETURNS text
LANGUAGE sql AS $$
  INSERT INTO payment.key_check (value) VALUES (candidate) ON CONFLICT (only_row) DO NOTHING;
  SELECT value FROM payment.key_check
$$;
