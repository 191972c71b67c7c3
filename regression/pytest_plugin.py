"""The pytest plugin: collects `.retrospan/cases/*.yaml` of an application as tests."""
