require("../_shim/main.cjs").main("scan");
