"""The Faust app: payment orders taken over, messages sent, the schedule."""
