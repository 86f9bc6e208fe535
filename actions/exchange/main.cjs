require("../_shim/main.cjs").main("exchange");
