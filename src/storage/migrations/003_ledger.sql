-- Append-only, each entry with the hash of the one before. Nothing updates or deletes; `audit verify` finds what did anyway.
create table ledger (
  seq bigint primary key,
  kind text not null check (kind in ('shown', 'decided', 'ran', 'outcome', 'level_changed', 'refused', 'policy_changed')),
  incident_id bigint references incidents (id),
  -- A node that runs again writes its entry once.
  key text unique,
  at timestamptz(3) not null,
  body jsonb not null,
  prev_hash text not null,
  hash text not null
);
create index ledger_by_incident on ledger (incident_id, seq);

create function ledger_is_append_only() returns trigger language plpgsql as
$$ begin raise exception 'the ledger is append-only: % of entry % refused', tg_op, old.seq; end $$;
create trigger ledger_no_update before update or delete on ledger for each row execute function ledger_is_append_only();

create function ledger_is_not_truncated() returns trigger language plpgsql as
$$ begin raise exception 'the ledger is append-only: truncate refused'; end $$;
create trigger ledger_no_truncate before truncate on ledger for each statement execute function ledger_is_not_truncated();
