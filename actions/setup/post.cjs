require("../_shim/main.cjs").post("setup");
