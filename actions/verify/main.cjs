require("../_shim/main.cjs").main("verify");
