"""Knowledge as files in git: lessons, rubrics, cases, rules and queues under `.retrospan/`."""
