"""A case file judged by the services' own domains, without a database: what a policy officer tries a rulebook with."""
