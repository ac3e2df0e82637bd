-- A request file is asked for once, however often it is found: which one it was.
alter table investigations add column request_key text unique;
