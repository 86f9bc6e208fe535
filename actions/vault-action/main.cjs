require("../_shim/main.cjs").main("vault-action");
