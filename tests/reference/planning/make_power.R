# Power of RMSEA tests from R's noncentral chi-square distribution. Run: Rscript make_power.R (writes rmsea_power.json).
library(jsonlite)
grid <- expand.grid(df = c(1, 5, 24, 100, 400), n = c(50, 200, 1000), rmsea0 = c(0, .05, .08), rmsea_a = c(.01, .05, .08),
                    alpha = c(.05, .01))
grid <- grid[grid$rmsea0 != grid$rmsea_a, ]
grid$power <- with(grid, mapply(function(df, n, e0, ea, alpha) {
  lower <- ea < e0
  critical <- qchisq(alpha, df, ncp = (n - 1) * df * e0^2, lower.tail = lower)
  pchisq(critical, df, ncp = (n - 1) * df * ea^2, lower.tail = lower)
}, df, n, rmsea0, rmsea_a, alpha))
write(toJSON(grid, digits = 12), "rmsea_power.json")
