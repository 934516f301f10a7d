"""Budgets, which the emulator does not have: nothing there costs money. Alarms, dashboards and topics are its own."""

from provisioners import handlers, stored


def register():
    handlers["AWS::Budgets::Budget"] = stored("budget-")
