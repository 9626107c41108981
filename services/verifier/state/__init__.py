"""One budget as its journal leaves it: lines, grants, conventions, orders, sums."""
