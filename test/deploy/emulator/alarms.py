"""Budgets, which the emulator does not have, and alarms: its own know no metric math. Nothing there costs money or is
measured. Topics are its own."""

from provisioners import handlers, stored


def register():
    handlers["AWS::Budgets::Budget"] = stored("budget-")
    handlers["AWS::CloudWatch::Alarm"] = stored("alarm-", lambda physical_id: {"Arn": f"arn:aws:cloudwatch:::alarm:{physical_id}"})
    handlers["AWS::CloudWatch::AnomalyDetector"] = stored("anomaly-")
