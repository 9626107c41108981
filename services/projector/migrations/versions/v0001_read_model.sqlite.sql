CREATE TABLE acts (
    budget VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    item INTEGER NOT NULL,
    role VARCHAR NOT NULL,
    grant_ref VARCHAR,
    convention VARCHAR,
    body VARCHAR NOT NULL,
    number VARCHAR,
    act_on DATE NOT NULL,
    title VARCHAR,
    PRIMARY KEY (budget, sequence, item)
);

CREATE INDEX acts_by_grant ON acts (budget, grant_ref);

CREATE TABLE grants (
    budget VARCHAR NOT NULL,
    grant_ref VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    title VARCHAR,
    beneficiary VARCHAR,
    siret VARCHAR,
    representative VARCHAR,
    requires_convention BOOLEAN,
    conditions_year INTEGER,
    act_body VARCHAR,
    act_number VARCHAR,
    act_on DATE,
    awarded_cents BIGINT DEFAULT '0' NOT NULL,
    withdrawn_on DATE,
    withdrawn_cause VARCHAR,
    carried_from VARCHAR,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, grant_ref)
);

CREATE INDEX grants_by_siret ON grants (siret);

CREATE TABLE grant_lines (
    budget VARCHAR NOT NULL,
    grant_ref VARCHAR NOT NULL,
    chapter VARCHAR DEFAULT '' NOT NULL,
    article VARCHAR DEFAULT '' NOT NULL,
    function VARCHAR DEFAULT '' NOT NULL,
    operation VARCHAR DEFAULT '' NOT NULL,
    amount_cents BIGINT NOT NULL,
    services JSON,
    PRIMARY KEY (budget, grant_ref, chapter, article, function, operation)
);

CREATE TABLE conventions (
    budget VARCHAR NOT NULL,
    convention VARCHAR NOT NULL,
    grant_ref VARCHAR NOT NULL,
    stands_alone BOOLEAN NOT NULL,
    state VARCHAR NOT NULL,
    beneficiary VARCHAR,
    siret VARCHAR,
    representative VARCHAR,
    signatory VARCHAR,
    signed_on DATE,
    starts_on DATE,
    ends_on DATE,
    notified_on DATE,
    effective_on DATE,
    reason VARCHAR,
    carried_from VARCHAR,
    continues VARCHAR,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, convention)
);

CREATE INDEX conventions_by_grant ON conventions (budget, grant_ref);

CREATE INDEX conventions_alone ON conventions (budget) WHERE stands_alone;

CREATE INDEX conventions_by_siret ON conventions (siret);

CREATE TABLE convention_lines (
    budget VARCHAR NOT NULL,
    convention VARCHAR NOT NULL,
    chapter VARCHAR DEFAULT '' NOT NULL,
    article VARCHAR DEFAULT '' NOT NULL,
    function VARCHAR DEFAULT '' NOT NULL,
    operation VARCHAR DEFAULT '' NOT NULL,
    granted_cents BIGINT DEFAULT '0' NOT NULL,
    remaining_cents BIGINT DEFAULT '0' NOT NULL,
    ordered_cents BIGINT DEFAULT '0' NOT NULL,
    paid_cents BIGINT DEFAULT '0' NOT NULL,
    released_cents BIGINT DEFAULT '0' NOT NULL,
    carried_over_cents BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (budget, convention, chapter, article, function, operation)
);

CREATE TABLE instalments (
    budget VARCHAR NOT NULL,
    convention VARCHAR NOT NULL,
    instalment VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    "trigger" VARCHAR NOT NULL,
    ceiling BOOLEAN NOT NULL,
    documents JSON,
    planned_cents BIGINT NOT NULL,
    lines JSON NOT NULL,
    amendment VARCHAR,
    left_out_by VARCHAR,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, convention, instalment)
);

CREATE TABLE obligations (
    budget VARCHAR NOT NULL,
    convention VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    year INTEGER NOT NULL,
    due_on DATE NOT NULL,
    PRIMARY KEY (budget, convention, kind, year, due_on)
);

CREATE TABLE documents (
    budget VARCHAR NOT NULL,
    convention VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    year INTEGER NOT NULL,
    received_on DATE,
    eligible_cost_cents BIGINT,
    rejected_for VARCHAR,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, convention, kind, year)
);

CREATE TABLE bank_accounts (
    budget VARCHAR NOT NULL,
    siret VARCHAR NOT NULL,
    iban VARCHAR NOT NULL,
    bic VARCHAR,
    holder VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, siret)
);

CREATE TABLE recoveries (
    budget VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    convention VARCHAR NOT NULL,
    recovery VARCHAR NOT NULL,
    step VARCHAR NOT NULL,
    amount_cents BIGINT NOT NULL,
    done_on DATE NOT NULL,
    reason VARCHAR,
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX recoveries_by_convention ON recoveries (budget, convention);

CREATE TABLE budgets (
    budget VARCHAR NOT NULL,
    entity VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    fiscal_year INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    sequence BIGINT NOT NULL,
    head VARCHAR NOT NULL,
    vote_level VARCHAR,
    voted_on DATE,
    closed_on DATE,
    PRIMARY KEY (budget)
);

CREATE INDEX budgets_by_entity ON budgets (entity);

CREATE INDEX budgets_by_partition ON budgets (partition);

CREATE TABLE lines (
    budget VARCHAR NOT NULL,
    chapter VARCHAR DEFAULT '' NOT NULL,
    article VARCHAR DEFAULT '' NOT NULL,
    function VARCHAR DEFAULT '' NOT NULL,
    operation VARCHAR DEFAULT '' NOT NULL,
    appropriated_cents BIGINT DEFAULT '0' NOT NULL,
    available_cents BIGINT DEFAULT '0' NOT NULL,
    reserved_cents BIGINT DEFAULT '0' NOT NULL,
    committed_cents BIGINT DEFAULT '0' NOT NULL,
    ordered_cents BIGINT DEFAULT '0' NOT NULL,
    paid_cents BIGINT DEFAULT '0' NOT NULL,
    carried_over_cents BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (budget, chapter, article, function, operation)
);

CREATE TABLE commitment_entries (
    entry_id VARCHAR NOT NULL,
    budget VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    item INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    chapter VARCHAR DEFAULT '' NOT NULL,
    article VARCHAR DEFAULT '' NOT NULL,
    function VARCHAR DEFAULT '' NOT NULL,
    operation VARCHAR DEFAULT '' NOT NULL,
    amount_cents BIGINT NOT NULL,
    convention VARCHAR,
    act_body VARCHAR,
    act_number VARCHAR,
    act_on DATE,
    effective_on DATE NOT NULL,
    PRIMARY KEY (entry_id)
);

CREATE UNIQUE INDEX entries_by_budget ON commitment_entries (budget, sequence, item);

CREATE TABLE payment_orders (
    budget VARCHAR NOT NULL,
    payment_order VARCHAR NOT NULL,
    convention VARCHAR NOT NULL,
    instalment VARCHAR NOT NULL,
    amount_cents BIGINT NOT NULL,
    paid_cents BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    due_on DATE NOT NULL,
    issued_on DATE NOT NULL,
    beneficiary VARCHAR,
    siret VARCHAR,
    representative VARCHAR,
    iban VARCHAR NOT NULL,
    bic VARCHAR,
    holder VARCHAR NOT NULL,
    title VARCHAR,
    previous VARCHAR,
    reason_code VARCHAR,
    reason_label VARCHAR,
    state_on DATE,
    sequence BIGINT NOT NULL,
    item INTEGER NOT NULL,
    state_sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, payment_order)
);

CREATE INDEX orders_by_state ON payment_orders (state, due_on);

CREATE INDEX orders_by_due ON payment_orders (due_on, budget, payment_order);

CREATE INDEX orders_by_convention ON payment_orders (budget, convention);

CREATE UNIQUE INDEX orders_by_record ON payment_orders (budget, sequence, item);

CREATE TABLE payment_order_lines (
    budget VARCHAR NOT NULL,
    payment_order VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    chapter VARCHAR DEFAULT '' NOT NULL,
    article VARCHAR DEFAULT '' NOT NULL,
    function VARCHAR DEFAULT '' NOT NULL,
    operation VARCHAR DEFAULT '' NOT NULL,
    amount_cents BIGINT NOT NULL,
    services JSON,
    PRIMARY KEY (budget, payment_order, position)
);

CREATE TABLE payments (
    budget VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    payment_order VARCHAR NOT NULL,
    amount_cents BIGINT NOT NULL,
    executed_on DATE NOT NULL,
    bank_reference VARCHAR,
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX payments_by_order ON payments (budget, payment_order);

CREATE TABLE positions (
    topic VARCHAR NOT NULL,
    partition INTEGER NOT NULL,
    next_offset BIGINT NOT NULL,
    last_offset BIGINT,
    last_timestamp_ms BIGINT,
    last_sha256 VARCHAR,
    last_event_time DATETIME,
    epoch BIGINT DEFAULT '0' NOT NULL,
    generation BIGINT DEFAULT '0' NOT NULL,
    held_offset BIGINT,
    held_event_id VARCHAR,
    held_error VARCHAR,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE outcomes (
    partition INTEGER NOT NULL,
    received BIGINT DEFAULT '0' NOT NULL,
    accepted BIGINT DEFAULT '0' NOT NULL,
    duplicate BIGINT DEFAULT '0' NOT NULL,
    refused BIGINT DEFAULT '0' NOT NULL,
    parked BIGINT DEFAULT '0' NOT NULL,
    dead_letter BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (partition)
);

CREATE TABLE journal (
    budget VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    partition INTEGER NOT NULL,
    journal_offset BIGINT NOT NULL,
    source_topic VARCHAR NOT NULL,
    source_partition INTEGER NOT NULL,
    source_offset BIGINT NOT NULL,
    outcome VARCHAR NOT NULL,
    event_id VARCHAR,
    event_source VARCHAR,
    event_type VARCHAR,
    event_time DATETIME,
    correlation_id VARCHAR,
    grant_ref VARCHAR,
    convention VARCHAR,
    payment_order VARCHAR,
    effective_on DATE,
    resumes BIGINT,
    hash VARCHAR NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX journal_by_grant ON journal (budget, grant_ref) WHERE grant_ref IS NOT NULL;

CREATE INDEX journal_by_event ON journal (event_id);

CREATE INDEX journal_by_convention ON journal (budget, convention) WHERE convention IS NOT NULL;

CREATE UNIQUE INDEX journal_by_offset ON journal (partition, journal_offset);

CREATE TABLE moves (
    budget VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    item INTEGER NOT NULL,
    chapter VARCHAR DEFAULT '' NOT NULL,
    article VARCHAR DEFAULT '' NOT NULL,
    function VARCHAR DEFAULT '' NOT NULL,
    operation VARCHAR DEFAULT '' NOT NULL,
    convention VARCHAR,
    instalment VARCHAR,
    from_stage VARCHAR,
    to_stage VARCHAR,
    amount_cents BIGINT NOT NULL,
    effective_on DATE NOT NULL,
    PRIMARY KEY (budget, sequence, item)
);

CREATE INDEX moves_by_convention ON moves (budget, convention) WHERE convention IS NOT NULL;

CREATE INDEX moves_by_day ON moves (budget, effective_on);

CREATE TABLE refusals (
    budget VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    event_id VARCHAR NOT NULL,
    event_source VARCHAR NOT NULL,
    event_type VARCHAR NOT NULL,
    event_time DATETIME NOT NULL,
    code VARCHAR NOT NULL,
    facts JSON NOT NULL,
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX refusals_by_code ON refusals (code);

CREATE INDEX refusals_by_time ON refusals (event_time, budget, sequence);

CREATE TABLE dead_letters (
    budget VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    source_topic VARCHAR NOT NULL,
    source_partition INTEGER NOT NULL,
    source_offset BIGINT NOT NULL,
    code VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    facts JSON NOT NULL,
    event_sha256 VARCHAR NOT NULL,
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX dead_letters_by_code ON dead_letters (code);

CREATE TABLE parked (
    budget VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    event_id VARCHAR NOT NULL,
    event_source VARCHAR NOT NULL,
    event_type VARCHAR NOT NULL,
    event_time DATETIME NOT NULL,
    waits_for_kind VARCHAR NOT NULL,
    waits_for_id VARCHAR,
    ended_sequence BIGINT,
    ended_outcome VARCHAR,
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX parked_by_wait ON parked (ended_sequence, waits_for_kind);

CREATE INDEX parked_by_time ON parked (event_time, budget, sequence);

CREATE TABLE review_flags (
    budget VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    item INTEGER NOT NULL,
    event_id VARCHAR,
    grant_ref VARCHAR,
    convention VARCHAR,
    code VARCHAR NOT NULL,
    facts JSON NOT NULL,
    PRIMARY KEY (budget, sequence, item)
);

CREATE INDEX flags_by_code ON review_flags (code);
