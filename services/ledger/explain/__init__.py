"""What each answer is called, when it is given, and what its reader should do, in both languages.

The sentences that are published say the same in one breath, with their facts; this is what stands
behind them, for the page `docs/refusals.md`.
"""
