-- Every call of a model: reserved before it is made, settled after it. What was reserved and never settled counts as spent.
create table inference_calls (
  id uuid primary key default gen_random_uuid(),
  -- Null for a question that belongs to no incident.
  incident_id bigint references incidents (id),
  purpose text not null,
  -- Which prompt, as name@version.
  prompt text not null,
  provider text not null,
  model text not null,
  place text not null check (place in ('local', 'cloud')),
  -- Why this model: its mode, or the signal that escalated; and in words.
  reason text not null check (reason <> ''),
  because text not null,
  repair boolean not null default false,
  status text not null default 'reserved' check (status in ('reserved', 'done', 'failed')),
  failure text,
  reserved_tokens bigint not null,
  reserved_micro_usd bigint not null,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cache_read_tokens bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  -- Tokens and money it counts for in the budgets: what was reserved until it is settled.
  spent_tokens bigint not null,
  spent_micro_usd bigint not null,
  -- How many texts were cut or replaced, by kind; never what they were.
  redacted jsonb not null default '{}',
  latency_ms integer,
  at timestamptz not null default watch_now(),
  settled_at timestamptz
);
create index inference_calls_by_incident on inference_calls (incident_id, at);
create index inference_calls_by_time on inference_calls (at);
