-- Time. All business time is watch_now(): the database's clock plus an offset that only tests set, never below the
-- stored high-water mark, so that a clock that steps back cannot revive what has expired.
create table clock (
  singleton boolean primary key default true check (singleton),
  test_offset interval not null default '0',
  high_water timestamptz not null default '-infinity'
);
insert into clock default values;

create function watch_now() returns timestamptz language sql volatile parallel restricted as
$$ select greatest(clock_timestamp() + test_offset, high_water) from clock $$;

create table settings (
  name text primary key,
  value jsonb not null,
  changed_by text not null,
  changed_at timestamptz not null default watch_now()
);

-- What people handle. One or more alerts under a correlation key, in rounds: a re-plan is a new round.
create table incidents (
  id bigint generated always as identity primary key,
  correlation_key text not null,
  status text not null default 'open'
    check (status in ('open', 'waiting', 'running', 'verifying', 'watching', 'snoozed', 'ignored', 'closed')),
  outcome text check (outcome in ('fixed', 'not_fixed', 'reverted', 'self_resolved', 'rejected', 'expired', 'ignored', 'in_doubt', 'abandoned', 'advised')),
  severity text not null check (severity in ('critical', 'warning', 'info', 'none')),
  alertname text not null,
  cluster text not null,
  namespace text,
  workload text,
  labels jsonb not null,
  annotations jsonb not null,
  round integer not null default 1,
  runbook_id text,
  runbook_version text,
  because text,
  waits_for bigint references incidents (id),
  taken_by text,
  -- Which of the card's menus is open in chat.
  menu text check (menu in ('quiet', 'more', 'details')),
  snoozed_until timestamptz,
  opened_at timestamptz not null default watch_now(),
  closed_at timestamptz,
  -- Raised with whatever should move the graph; `served` follows when a worker has looked. wants > served is work to do.
  wants bigint not null default 1,
  served bigint not null default 0,
  -- Raised with every change of its alerts, so that a waiting graph can tell news from no news.
  alert_version bigint not null default 1
);
create unique index incidents_open_key on incidents (correlation_key) where closed_at is null;
create index incidents_closed_key on incidents (correlation_key, closed_at) where closed_at is not null;
create index incidents_to_move on incidents (id) where wants > served;
create index incidents_waiting_for on incidents (waits_for) where waits_for is not null;

-- What happened to an incident, in order: the timeline people read. Transitions carry their from and to.
create table incident_events (
  id bigint generated always as identity primary key,
  incident_id bigint not null references incidents (id),
  round integer not null,
  name text not null,
  actor text not null,
  from_status text,
  to_status text,
  detail jsonb not null default '{}',
  -- A node that runs again after a crash writes its event once.
  key text,
  at timestamptz not null default watch_now(),
  unique (incident_id, key)
);
create index incident_events_by_incident on incident_events (incident_id, id);

-- Identity of an alert is (source, fingerprint, startsAt cut to milliseconds: the API shows no more than that).
create table alerts (
  id bigint generated always as identity primary key,
  source text not null,
  fingerprint text not null,
  starts_at timestamptz(3) not null,
  status text not null check (status in ('firing', 'resolved')),
  ends_at timestamptz,
  incident_id bigint references incidents (id),
  labels jsonb not null,
  annotations jsonb not null,
  generator_url text not null default '',
  -- Why its text is not exactly what was sent (characters that cannot be stored, values cut), for the card to say.
  marks text[] not null default '{}',
  -- Set while a firing state came after a resolved one of the same identity and no poll has settled it.
  contradicted boolean not null default false,
  received integer not null default 1,
  first_seen_at timestamptz not null default watch_now(),
  last_seen_at timestamptz not null default watch_now(),
  unique (source, fingerprint, starts_at)
);
create index alerts_by_incident on alerts (incident_id) where incident_id is not null;
create index alerts_firing on alerts (source, fingerprint) where status = 'firing';

create table alert_states (
  alert_id bigint not null references alerts (id),
  status text not null,
  at timestamptz not null,
  received_at timestamptz not null default watch_now(),
  via text not null check (via in ('webhook', 'poll', 'superseded'))
);
create index alert_states_by_alert on alert_states (alert_id, received_at);

create table heartbeats (
  name text primary key,
  last_at timestamptz not null
);

-- Business timers are rows, not job schedules: one of a kind for an incident.
create table timers (
  incident_id bigint not null references incidents (id),
  kind text not null check (kind in ('expiry', 'verify', 'snooze', 'effect')),
  due_at timestamptz not null,
  primary key (incident_id, kind)
);
create index timers_due on timers (due_at);

-- incident:ID, one worker at a time, by expiry; target:…, from first start until verified or closed; duties of a replica.
-- The epoch rises with every change of holder and is what `started` checks.
create table leases (
  name text primary key,
  holder text not null,
  epoch bigint not null default 1,
  incident_id bigint references incidents (id),
  expires_at timestamptz,
  taken_at timestamptz not null default watch_now()
);
create index leases_by_incident on leases (incident_id) where incident_id is not null;
