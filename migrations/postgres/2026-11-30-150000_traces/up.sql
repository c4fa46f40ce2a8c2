-- The place of the request that made a change in a trace over several systems, as "traceparent" has it (W3C Trace Context).
-- Deliveries tell it to receivers.
ALTER TABLE changes ADD COLUMN trace TEXT COLLATE "C" CHECK (length(trace) = 55);
ALTER TABLE deliveries ADD COLUMN trace TEXT COLLATE "C" CHECK (length(trace) = 55);
