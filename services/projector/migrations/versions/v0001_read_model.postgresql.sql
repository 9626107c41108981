CREATE TABLE acts (
    budget VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    item INTEGER NOT NULL,
    role VARCHAR COLLATE "C" NOT NULL,
    grant_ref VARCHAR COLLATE "C",
    convention VARCHAR COLLATE "C",
    body VARCHAR COLLATE "C" NOT NULL,
    number VARCHAR COLLATE "C",
    act_on DATE NOT NULL,
    title VARCHAR COLLATE "C",
    PRIMARY KEY (budget, sequence, item)
);

CREATE INDEX acts_by_grant ON acts (budget, grant_ref);

COMMENT ON TABLE acts IS 'Decisions of assemblies. Role: vote, transfer, award, concurring, withdrawal, amendment, carried (acts that came with an opening event have that event''s sequence).';

CREATE TABLE grants (
    budget VARCHAR COLLATE "C" NOT NULL,
    grant_ref VARCHAR COLLATE "C" NOT NULL,
    state VARCHAR COLLATE "C" NOT NULL,
    title VARCHAR COLLATE "C",
    beneficiary VARCHAR COLLATE "C",
    siret VARCHAR COLLATE "C",
    representative VARCHAR COLLATE "C",
    requires_convention BOOLEAN,
    conditions_year INTEGER,
    act_body VARCHAR COLLATE "C",
    act_number VARCHAR COLLATE "C",
    act_on DATE,
    awarded_cents BIGINT DEFAULT '0' NOT NULL,
    withdrawn_on DATE,
    withdrawn_cause VARCHAR COLLATE "C",
    carried_from VARCHAR COLLATE "C",
    sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, grant_ref)
);

CREATE INDEX grants_by_siret ON grants (siret);

COMMENT ON TABLE grants IS 'Grants. What was awarded is as the act of the award says; an amendment may have raised it since. State: announced (only concurring acts yet), awarded, withdrawn, carried (awarded by the budget `carried_from`).';

CREATE TABLE grant_lines (
    budget VARCHAR COLLATE "C" NOT NULL,
    grant_ref VARCHAR COLLATE "C" NOT NULL,
    chapter VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    article VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    function VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    operation VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    amount_cents BIGINT NOT NULL,
    services JSONB,
    PRIMARY KEY (budget, grant_ref, chapter, article, function, operation)
);

COMMENT ON TABLE grant_lines IS 'What was awarded on which line, as the act says.';

CREATE TABLE conventions (
    budget VARCHAR COLLATE "C" NOT NULL,
    convention VARCHAR COLLATE "C" NOT NULL,
    grant_ref VARCHAR COLLATE "C" NOT NULL,
    stands_alone BOOLEAN NOT NULL,
    state VARCHAR COLLATE "C" NOT NULL,
    beneficiary VARCHAR COLLATE "C",
    siret VARCHAR COLLATE "C",
    representative VARCHAR COLLATE "C",
    signatory VARCHAR COLLATE "C",
    signed_on DATE,
    starts_on DATE,
    ends_on DATE,
    notified_on DATE,
    effective_on DATE,
    reason VARCHAR COLLATE "C",
    carried_from VARCHAR COLLATE "C",
    continues VARCHAR COLLATE "C",
    sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, convention)
)
 WITH (fillfactor = 50);

CREATE INDEX conventions_by_grant ON conventions (budget, grant_ref);

CREATE INDEX conventions_alone ON conventions (budget) WHERE stands_alone;

CREATE INDEX conventions_by_siret ON conventions (siret);

COMMENT ON TABLE conventions IS 'Conventions, and grants that stand without one (`stands_alone`, under the grant''s reference, until a convention is signed). State: in_force, suspended, terminated, with the day and reason of the last turn; withdrawn where the award fell. `continues` is the name that its money had before record `sequence`: moves and orders of that time bear it still.';

CREATE TABLE convention_lines (
    budget VARCHAR COLLATE "C" NOT NULL,
    convention VARCHAR COLLATE "C" NOT NULL,
    chapter VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    article VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    function VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    operation VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    granted_cents BIGINT DEFAULT '0' NOT NULL,
    remaining_cents BIGINT DEFAULT '0' NOT NULL,
    ordered_cents BIGINT DEFAULT '0' NOT NULL,
    paid_cents BIGINT DEFAULT '0' NOT NULL,
    released_cents BIGINT DEFAULT '0' NOT NULL,
    carried_over_cents BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (budget, convention, chapter, article, function, operation)
)
 WITH (fillfactor = 50);

COMMENT ON TABLE convention_lines IS 'The money of a convention by line; granted is the sum of the others.';

CREATE TABLE instalments (
    budget VARCHAR COLLATE "C" NOT NULL,
    convention VARCHAR COLLATE "C" NOT NULL,
    instalment VARCHAR COLLATE "C" NOT NULL,
    position INTEGER NOT NULL,
    trigger VARCHAR COLLATE "C" NOT NULL,
    ceiling BOOLEAN NOT NULL,
    documents JSONB,
    planned_cents BIGINT NOT NULL,
    lines JSONB NOT NULL,
    amendment VARCHAR COLLATE "C",
    left_out_by VARCHAR COLLATE "C",
    sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, convention, instalment)
);

COMMENT ON TABLE instalments IS 'The schedules of a convention. An instalment that an amendment does not plan any more (ordered already, or given up) has that amendment in `left_out_by`. What became of an instalment is in payment_orders and moves.';

CREATE TABLE obligations (
    budget VARCHAR COLLATE "C" NOT NULL,
    convention VARCHAR COLLATE "C" NOT NULL,
    kind VARCHAR COLLATE "C" NOT NULL,
    year INTEGER NOT NULL,
    due_on DATE NOT NULL,
    PRIMARY KEY (budget, convention, kind, year, due_on)
);

COMMENT ON TABLE obligations IS 'Documents that a convention obliges to, whether or not money waits for them.';

CREATE TABLE documents (
    budget VARCHAR COLLATE "C" NOT NULL,
    convention VARCHAR COLLATE "C" NOT NULL,
    kind VARCHAR COLLATE "C" NOT NULL,
    year INTEGER NOT NULL,
    received_on DATE,
    eligible_cost_cents BIGINT,
    rejected_for VARCHAR COLLATE "C",
    sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, convention, kind, year)
)
 WITH (fillfactor = 50);

COMMENT ON TABLE documents IS 'Documents received, by their first receipt; `rejected_for` is the reason where one was rejected since: it counts as not received.';

CREATE TABLE bank_accounts (
    budget VARCHAR COLLATE "C" NOT NULL,
    siret VARCHAR COLLATE "C" NOT NULL,
    iban VARCHAR COLLATE "C" NOT NULL,
    bic VARCHAR COLLATE "C",
    holder VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, siret)
);

COMMENT ON TABLE bank_accounts IS 'The account in force of each establishment. Personal data: masked wherever shown.';

CREATE TABLE recoveries (
    budget VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    convention VARCHAR COLLATE "C" NOT NULL,
    recovery VARCHAR COLLATE "C" NOT NULL,
    step VARCHAR COLLATE "C" NOT NULL,
    amount_cents BIGINT NOT NULL,
    done_on DATE NOT NULL,
    reason VARCHAR COLLATE "C",
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX recoveries_by_convention ON recoveries (budget, convention);

COMMENT ON TABLE recoveries IS 'Recoveries (titres de recettes, mandats d''annulation). Step: ordered or collected.';

CREATE TABLE budgets (
    budget VARCHAR COLLATE "C" NOT NULL,
    entity VARCHAR COLLATE "C" NOT NULL,
    code VARCHAR COLLATE "C" NOT NULL,
    fiscal_year INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    sequence BIGINT NOT NULL,
    head VARCHAR COLLATE "C" NOT NULL,
    vote_level VARCHAR COLLATE "C",
    voted_on DATE,
    closed_on DATE,
    PRIMARY KEY (budget)
)
 WITH (fillfactor = 50);

CREATE INDEX budgets_by_entity ON budgets (entity);

CREATE INDEX budgets_by_partition ON budgets (partition);

COMMENT ON TABLE budgets IS 'A budget: one public entity (SIRET), one budget code, one fiscal year. `head` is the hash of its last record, `sequence` that record''s number.';

CREATE TABLE lines (
    budget VARCHAR COLLATE "C" NOT NULL,
    chapter VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    article VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    function VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    operation VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    appropriated_cents BIGINT DEFAULT '0' NOT NULL,
    available_cents BIGINT DEFAULT '0' NOT NULL,
    reserved_cents BIGINT DEFAULT '0' NOT NULL,
    committed_cents BIGINT DEFAULT '0' NOT NULL,
    ordered_cents BIGINT DEFAULT '0' NOT NULL,
    paid_cents BIGINT DEFAULT '0' NOT NULL,
    carried_over_cents BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (budget, chapter, article, function, operation)
)
 WITH (fillfactor = 50);

COMMENT ON TABLE lines IS 'The money of each budget line by stage; appropriated is the sum of the others.';

CREATE TABLE commitment_entries (
    entry_id VARCHAR COLLATE "C" NOT NULL,
    budget VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    item INTEGER NOT NULL,
    kind VARCHAR COLLATE "C" NOT NULL,
    chapter VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    article VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    function VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    operation VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    amount_cents BIGINT NOT NULL,
    convention VARCHAR COLLATE "C",
    act_body VARCHAR COLLATE "C",
    act_number VARCHAR COLLATE "C",
    act_on DATE,
    effective_on DATE NOT NULL,
    PRIMARY KEY (entry_id)
);

CREATE UNIQUE INDEX entries_by_budget ON commitment_entries (budget, sequence, item);

COMMENT ON TABLE commitment_entries IS 'Commitment entries (écritures d''engagement); the kind gives the sense.';

CREATE TABLE payment_orders (
    budget VARCHAR COLLATE "C" NOT NULL,
    payment_order VARCHAR COLLATE "C" NOT NULL,
    convention VARCHAR COLLATE "C" NOT NULL,
    instalment VARCHAR COLLATE "C" NOT NULL,
    amount_cents BIGINT NOT NULL,
    paid_cents BIGINT NOT NULL,
    state VARCHAR COLLATE "C" NOT NULL,
    due_on DATE NOT NULL,
    issued_on DATE NOT NULL,
    beneficiary VARCHAR COLLATE "C",
    siret VARCHAR COLLATE "C",
    representative VARCHAR COLLATE "C",
    iban VARCHAR COLLATE "C" NOT NULL,
    bic VARCHAR COLLATE "C",
    holder VARCHAR COLLATE "C" NOT NULL,
    title VARCHAR COLLATE "C",
    previous VARCHAR COLLATE "C",
    reason_code VARCHAR COLLATE "C",
    reason_label VARCHAR COLLATE "C",
    state_on DATE,
    sequence BIGINT NOT NULL,
    item INTEGER NOT NULL,
    state_sequence BIGINT NOT NULL,
    PRIMARY KEY (budget, payment_order)
)
 WITH (fillfactor = 50);

CREATE INDEX orders_by_state ON payment_orders (state, due_on);

CREATE INDEX orders_by_due ON payment_orders (due_on, budget, payment_order);

CREATE INDEX orders_by_convention ON payment_orders (budget, convention);

CREATE UNIQUE INDEX orders_by_record ON payment_orders (budget, sequence, item);

COMMENT ON TABLE payment_orders IS 'Payment orders (mandats). State: issued, taken_in_charge, on_hold, rejected, paid, cancelled; `state_on`, `reason_…` are of the last acknowledgement, `state_sequence` the record that changed the order last.';

CREATE TABLE payment_order_lines (
    budget VARCHAR COLLATE "C" NOT NULL,
    payment_order VARCHAR COLLATE "C" NOT NULL,
    position INTEGER NOT NULL,
    chapter VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    article VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    function VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    operation VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    amount_cents BIGINT NOT NULL,
    services JSONB,
    PRIMARY KEY (budget, payment_order, position)
);

COMMENT ON TABLE payment_order_lines IS 'What an order pays on which line, with its services.';

CREATE TABLE payments (
    budget VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    payment_order VARCHAR COLLATE "C" NOT NULL,
    amount_cents BIGINT NOT NULL,
    executed_on DATE NOT NULL,
    bank_reference VARCHAR COLLATE "C",
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX payments_by_order ON payments (budget, payment_order);

COMMENT ON TABLE payments IS 'Payments executed by the treasury; an order may be paid in parts.';

CREATE TABLE positions (
    topic VARCHAR COLLATE "C" NOT NULL,
    partition INTEGER NOT NULL,
    next_offset BIGINT NOT NULL,
    last_offset BIGINT,
    last_timestamp_ms BIGINT,
    last_sha256 VARCHAR COLLATE "C",
    last_event_time TIMESTAMP WITH TIME ZONE,
    epoch BIGINT DEFAULT '0' NOT NULL,
    generation BIGINT DEFAULT '0' NOT NULL,
    held_offset BIGINT,
    held_event_id VARCHAR COLLATE "C",
    held_error VARCHAR COLLATE "C",
    PRIMARY KEY (topic, partition)
)
 WITH (fillfactor = 50);

COMMENT ON TABLE positions IS 'How far each partition of the journal is in these tables. `epoch` fences: who writes has raised it, and whoever finds another has lost the partition. `generation` counts how often the read model was made again.';

CREATE TABLE outcomes (
    partition INTEGER NOT NULL,
    received BIGINT DEFAULT '0' NOT NULL,
    accepted BIGINT DEFAULT '0' NOT NULL,
    duplicate BIGINT DEFAULT '0' NOT NULL,
    refused BIGINT DEFAULT '0' NOT NULL,
    parked BIGINT DEFAULT '0' NOT NULL,
    dead_letter BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (partition)
)
 WITH (fillfactor = 50);

COMMENT ON TABLE outcomes IS 'Received records by what became of them; a parked event that was decided later counts once, by what it became.';

CREATE TABLE journal (
    budget VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    partition INTEGER NOT NULL,
    journal_offset BIGINT NOT NULL,
    source_topic VARCHAR COLLATE "C" NOT NULL,
    source_partition INTEGER NOT NULL,
    source_offset BIGINT NOT NULL,
    outcome VARCHAR COLLATE "C" NOT NULL,
    event_id VARCHAR COLLATE "C",
    event_source VARCHAR COLLATE "C",
    event_type VARCHAR COLLATE "C",
    event_time TIMESTAMP WITH TIME ZONE,
    correlation_id VARCHAR COLLATE "C",
    grant_ref VARCHAR COLLATE "C",
    convention VARCHAR COLLATE "C",
    payment_order VARCHAR COLLATE "C",
    effective_on DATE,
    resumes BIGINT,
    hash VARCHAR COLLATE "C" NOT NULL,
    record BYTEA NOT NULL,
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX journal_by_grant ON journal (budget, grant_ref) WHERE grant_ref IS NOT NULL;

CREATE INDEX journal_by_event ON journal (event_id);

CREATE INDEX journal_by_convention ON journal (budget, convention) WHERE convention IS NOT NULL;

CREATE UNIQUE INDEX journal_by_offset ON journal (partition, journal_offset);

COMMENT ON TABLE journal IS 'Every record of the journal, with its bytes as they stand on the topic.';

CREATE TABLE moves (
    budget VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    item INTEGER NOT NULL,
    chapter VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    article VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    function VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    operation VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    convention VARCHAR COLLATE "C",
    instalment VARCHAR COLLATE "C",
    from_stage VARCHAR COLLATE "C",
    to_stage VARCHAR COLLATE "C",
    amount_cents BIGINT NOT NULL,
    effective_on DATE NOT NULL,
    PRIMARY KEY (budget, sequence, item)
);

CREATE INDEX moves_by_convention ON moves (budget, convention) WHERE convention IS NOT NULL;

CREATE INDEX moves_by_day ON moves (budget, effective_on);

COMMENT ON TABLE moves IS 'What money moved from which stage to which; null is outside the budget. Balances of any day, or as known at any record, are sums over this table.';

CREATE TABLE refusals (
    budget VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    event_id VARCHAR COLLATE "C" NOT NULL,
    event_source VARCHAR COLLATE "C" NOT NULL,
    event_type VARCHAR COLLATE "C" NOT NULL,
    event_time TIMESTAMP WITH TIME ZONE NOT NULL,
    code VARCHAR COLLATE "C" NOT NULL,
    facts JSONB NOT NULL,
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX refusals_by_code ON refusals (code);

CREATE INDEX refusals_by_time ON refusals (event_time, budget, sequence);

COMMENT ON TABLE refusals IS 'Events that were refused: a stable code, with its facts.';

CREATE TABLE dead_letters (
    budget VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    source_topic VARCHAR COLLATE "C" NOT NULL,
    source_partition INTEGER NOT NULL,
    source_offset BIGINT NOT NULL,
    code VARCHAR COLLATE "C" NOT NULL,
    reason VARCHAR COLLATE "C" NOT NULL,
    facts JSONB NOT NULL,
    event_sha256 VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX dead_letters_by_code ON dead_letters (code);

COMMENT ON TABLE dead_letters IS 'Records that could not be read. `budget` is the chain `_dead.<partition>`; the reason is its code, with the JSON pointer to the fault where there is one; `facts` is all that the journal says of it.';

CREATE TABLE parked (
    budget VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    event_id VARCHAR COLLATE "C" NOT NULL,
    event_source VARCHAR COLLATE "C" NOT NULL,
    event_type VARCHAR COLLATE "C" NOT NULL,
    event_time TIMESTAMP WITH TIME ZONE NOT NULL,
    waits_for_kind VARCHAR COLLATE "C" NOT NULL,
    waits_for_id VARCHAR COLLATE "C",
    ended_sequence BIGINT,
    ended_outcome VARCHAR COLLATE "C",
    PRIMARY KEY (budget, sequence)
);

CREATE INDEX parked_by_wait ON parked (ended_sequence, waits_for_kind);

CREATE INDEX parked_by_time ON parked (event_time, budget, sequence);

COMMENT ON TABLE parked IS 'Events that wait, or waited, for another: it ends with the record `ended_sequence`.';

CREATE TABLE review_flags (
    budget VARCHAR COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    item INTEGER NOT NULL,
    event_id VARCHAR COLLATE "C",
    grant_ref VARCHAR COLLATE "C",
    convention VARCHAR COLLATE "C",
    code VARCHAR COLLATE "C" NOT NULL,
    facts JSONB NOT NULL,
    PRIMARY KEY (budget, sequence, item)
);

CREATE INDEX flags_by_code ON review_flags (code);

COMMENT ON TABLE review_flags IS 'What a person should look at; it never stops the money.';
