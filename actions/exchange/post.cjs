require("../_shim/main.cjs").post("exchange");
