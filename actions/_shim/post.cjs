require("./main.cjs").post();
