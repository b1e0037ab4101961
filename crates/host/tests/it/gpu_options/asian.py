"""Prices of Asian options by QuantLib, as JSON: value and standard error of each case in the argument.

A case is [kind, spot, strike, rate, dividend, volatility, weeks]; the average is over the end of each week.
"""

import json
import sys

import QuantLib as ql


def price(kind, spot, strike, rate, dividend, volatility, weeks):
    today = ql.Date(2, 1, 2026)
    ql.Settings.instance().evaluationDate = today
    days = ql.Actual365Fixed()
    flat = lambda value: ql.YieldTermStructureHandle(ql.FlatForward(today, value, days))
    moves = ql.BlackConstantVol(today, ql.NullCalendar(), volatility, days)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)),
        flat(dividend),
        flat(rate),
        ql.BlackVolTermStructureHandle(moves),
    )
    looks = [today + ql.Period(7 * week, ql.Days) for week in range(1, weeks + 1)]
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if kind == "call" else ql.Option.Put, strike)
    option = ql.DiscreteAveragingAsianOption(
        ql.Average.Arithmetic, 0.0, 0, looks, payoff, ql.EuropeanExercise(looks[-1])
    )
    engine = ql.MCDiscreteArithmeticAPEngine(
        process, "PseudoRandom", False, False, True, 100000, None, None, 7
    )
    option.setPricingEngine(engine)
    return {"value": option.NPV(), "standard_error": option.errorEstimate()}


print(json.dumps([price(*case) for case in json.loads(sys.argv[1])]))
