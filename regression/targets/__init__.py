"""Versions of an application that cases are run against, each run in a process of its own or at an address."""
