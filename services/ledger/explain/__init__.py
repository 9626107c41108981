"""Explanations of each answer: its name, when it is given, and what to do, in both languages.

The sentences that are published say the same in one breath, with their facts; this is what stands
behind them, for the page `docs/refusals.md`.
"""
