-- unknown: the plan ran, and whether it helped cannot be told. It counts for nobody.
alter table incidents drop constraint incidents_outcome_check,
  add check (outcome in ('fixed', 'not_fixed', 'reverted', 'self_resolved', 'rejected', 'expired', 'ignored', 'in_doubt',
    'abandoned', 'advised', 'unknown'));
