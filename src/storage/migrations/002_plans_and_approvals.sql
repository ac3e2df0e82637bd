-- What a tool returned, bounded, with who asked. The graph's state holds ids, never bodies.
create table evidence (
  id uuid primary key default gen_random_uuid(),
  incident_id bigint not null references incidents (id),
  round integer not null,
  -- What it was asked for: check:oom, dry-run:0, verify:0. One row for a key of a round: a rerun looks again and overwrites.
  key text not null,
  tool text not null,
  args jsonb not null,
  asked_by text not null,
  ok boolean not null,
  result jsonb not null,
  summary text not null,
  truncated boolean not null default false,
  took_ms integer not null,
  at timestamptz not null default watch_now(),
  unique (incident_id, round, key)
);

create table plans (
  id uuid primary key default gen_random_uuid(),
  incident_id bigint not null references incidents (id),
  round integer not null,
  purpose text not null check (purpose in ('fix', 'undo', 'rest')),
  body jsonb not null,
  digest text not null,
  proposed_by text not null,
  created_at timestamptz not null default watch_now(),
  -- A node that runs again makes no second plan.
  unique (incident_id, round)
);

create table approvals (
  id uuid primary key default gen_random_uuid(),
  plan_id uuid not null references plans (id),
  incident_id bigint not null references incidents (id),
  -- The actions it covers, by index in the plan: one where each is asked for by itself.
  actions integer[] not null,
  attempt integer not null default 1,
  asks text not null check (asks in ('one', 'two', 'self_two')),
  status text not null default 'pending'
    check (status in ('pending', 'approved', 'rejected', 'expired', 'withdrawn', 'superseded')),
  because text not null,
  digest text not null,
  requested_at timestamptz not null default watch_now(),
  expires_at timestamptz not null,
  decided_at timestamptz,
  decided_by text,
  decision jsonb not null default '{}'
);
create unique index approvals_once on approvals (plan_id, (actions[1]), attempt);
create unique index approvals_one_pending on approvals (incident_id) where status = 'pending';

create table votes (
  approval_id uuid not null references approvals (id),
  person text not null,
  role text not null,
  verdict text not null check (verdict in ('approve', 'typed', 'confirm', 'reject')),
  at timestamptz not null default watch_now(),
  primary key (approval_id, person, verdict)
);

-- Buttons carry 128 random bits and nothing else; what the press means is here. Looked up by hash, so that the time an
-- answer takes says nothing about a guess.
create table buttons (
  token_hash bytea primary key,
  token text not null,
  incident_id bigint references incidents (id),
  -- What it decides on: an approval's id, a plan's, an effect's; with verb and incident it is the button's identity.
  subject text not null default '',
  verb text not null,
  params jsonb not null default '{}',
  created_at timestamptz not null default watch_now(),
  used_at timestamptz,
  used_by text,
  retired_at timestamptz
);
create unique index buttons_live on buttons (incident_id, verb, subject) where retired_at is null and used_at is null;

-- What permits a run: an approval or a standing grant, never neither.
create table authorizations (
  id uuid primary key default gen_random_uuid(),
  plan_id uuid not null references plans (id),
  incident_id bigint not null references incidents (id),
  actions integer[] not null,
  attempt integer not null default 1,
  approval_id uuid references approvals (id),
  level_change_id bigint,
  granted_at timestamptz not null default watch_now(),
  expires_at timestamptz not null,
  check (num_nonnulls(approval_id, level_change_id) = 1)
);
create unique index authorizations_once on authorizations (plan_id, (actions[1]), attempt);

-- planned > started > done | failed | in_doubt | skipped. `started` commits before the tool is called.
create table effects (
  id uuid primary key default gen_random_uuid(),
  plan_id uuid not null references plans (id),
  incident_id bigint not null references incidents (id),
  action integer not null,
  attempt integer not null,
  status text not null default 'planned'
    check (status in ('planned', 'started', 'done', 'failed', 'in_doubt', 'skipped')),
  authorization_id uuid references authorizations (id),
  lease_epoch bigint,
  started_at timestamptz,
  -- Until when the call may still land: the grant's expiry. A probe is trusted only after it.
  settles_at timestamptz,
  finished_at timestamptz,
  result jsonb,
  because text,
  by_probe boolean not null default false,
  unique (plan_id, action, attempt),
  check (status not in ('started', 'done') or authorization_id is not null)
);
create index effects_by_incident on effects (incident_id);
create index effects_unsettled on effects (settles_at) where status in ('started', 'in_doubt');

-- What a person asked of an incident that is not a verdict on an approval: undo, plan again, check again, abandon.
create table requests (
  id bigint generated always as identity primary key,
  incident_id bigint not null references incidents (id),
  verb text not null,
  params jsonb not null default '{}',
  by text not null,
  at timestamptz not null default watch_now(),
  taken_at timestamptz
);
create index requests_open on requests (incident_id) where taken_at is null;

-- Levels are read here and changed only by a person's tap or by demotion; the newest change of a runbook and scope counts.
create table level_changes (
  id bigint generated always as identity primary key,
  runbook_id text not null,
  runbook_version text not null,
  scope text not null,
  level text not null check (level in ('manual', 'prompted', 'standard')),
  by text not null,
  because text not null,
  at timestamptz not null default watch_now()
);
create index level_changes_newest on level_changes (runbook_id, scope, id desc);
alter table authorizations add foreign key (level_change_id) references level_changes (id);

-- Outcomes by runbook version, action class and scope: what earned autonomy will be counted from.
create table trust (
  incident_id bigint not null references incidents (id),
  round integer not null,
  runbook_id text not null,
  runbook_version text not null,
  action_class text not null,
  scope text not null,
  decision text not null check (decision in ('approved', 'rejected', 'standing')),
  modified boolean not null default false,
  outcome text not null,
  credit text not null check (credit in ('success', 'failure', 'none')),
  because text not null,
  at timestamptz not null default watch_now(),
  primary key (incident_id, round)
);

-- The published shape of every tool at first sight; a change sets its server aside until an admin accepts it.
create table tool_contracts (
  server text not null,
  tool text not null,
  hash text not null,
  contract jsonb not null,
  pinned_at timestamptz not null default watch_now(),
  accepted_by text not null,
  primary key (server, tool)
);
