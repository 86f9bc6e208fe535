require("../_shim/main.cjs").post("vault-action");
