-- 50 locations, 1,000 people, 5,000 assets, 50,000 work orders, and `bench.times` as many of each.
-- Every value is a function of the row number, so that each load, on any server, gives the same rows.
drop schema if exists app cascade;
create schema app;
set search_path = app;

create table location (
    id int primary key,
    name text not null,
    parent_id int references location,
    address text,
    lat float8,
    lon float8
);
create table person (
    id int primary key,
    name text not null,
    email text not null,
    job_title text,
    phone text,
    created_at timestamptz not null
);
create table asset (
    id int primary key,
    location_id int not null references location,
    name text not null,
    serial_number text,
    manufacturer text,
    model text,
    status text not null,
    created_at timestamptz not null
);
create table work_order (
    id int primary key,
    number int not null,
    title text not null,
    description text,
    status text not null,
    priority text not null,
    asset_id int not null references asset,
    assignee_id int references person,
    requester_id int references person,
    created_at timestamptz not null,
    due_at timestamptz
);

insert into location
select i, 'Site ' || i, null, 'Street ' || i || ' 1, 9000 Gent', 50.8 + i * 0.001, 4.3 + i * 0.001
from generate_series(1, 50 * current_setting('bench.times')::int) i;

insert into person
select i, 'Person Name ' || i, 'person' || i || '@example.com', 'Technician ' || i % 7,
    '+3247' || 1000000 + i, '2025-01-01 00:00Z'
from generate_series(1, 1000 * current_setting('bench.times')::int) i;

insert into asset
select i, 1 + i % (50 * current_setting('bench.times')::int), 'Pump ' || i, 'SN-' || md5(i::text), 'Grundfos', 'CR ' || i % 40,
    'OPERATIONAL', '2025-01-01 00:00Z'
from generate_series(1, 5000 * current_setting('bench.times')::int) i;

insert into work_order
select i, i, 'Replace seal ' || i, repeat('Check the pump. ', 10),
    (array['OPEN', 'IN_PROGRESS', 'COMPLETED'])[1 + i % 3], (array['LOW', 'MEDIUM', 'HIGH'])[1 + i % 3],
    1 + i * 7 % (5000 * current_setting('bench.times')::int),
    1 + i * 13 % (1000 * current_setting('bench.times')::int), 1 + i * 17 % (1000 * current_setting('bench.times')::int),
    '2025-01-01 00:00Z'::timestamptz - i * interval '1 minute',
    '2025-01-01 00:00Z'::timestamptz + i * interval '1 minute'
from generate_series(1, 50000 * current_setting('bench.times')::int) i;

create index on location (parent_id);
create index on asset (location_id);
create index on work_order (asset_id);
create index on work_order (assignee_id);
create index on work_order (requester_id);
