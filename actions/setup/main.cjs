require("../_shim/main.cjs").main("setup");
