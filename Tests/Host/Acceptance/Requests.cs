using System.Globalization;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>The scans that are killed.</summary>
internal static class Requests
{
    /// <summary>z by software, y and x flown, x snaked.</summary>
    /// <remarks><b>Units</b> frameS: seconds.</remarks>
    public static string Grid(int outer, int rows, int columns, double frameS) => string.Create(CultureInfo.InvariantCulture, $$"""
        {
          "request": 1,
          "spec": {"type": "Fly", "spec": {"type": "ConstantDuration", "constant_duration": {{frameS}}, "spec": {"type": "Product",
            "outer": {"type": "Linspace", "axis": "z", "start": 0, "stop": 1, "num": {{outer}} },
            "inner": {"type": "Product",
              "outer": {"type": "Linspace", "axis": "y", "start": 0, "stop": 1, "num": {{rows}} },
              "inner": {"type": "Snake", "spec": {"type": "Linspace", "axis": "x", "start": -1, "stop": 1, "num": {{columns}} } } } } } },
          "detectors": ["cam", "diode"],
          "shutter": "perScan"
        }
        """);

    /// <summary>Detectors at 1, 2, 3 and a quarter of the scan's rate: with frames of 5 ms those are 200, 400, 600 and 50 Hz.</summary>
    /// <remarks><b>Units</b> frameS: seconds; a multiple of 24 ns.</remarks>
    public static string Rates(int outer, int rows, int columns, double frameS) => Grid(outer, rows, columns, frameS).Replace(
        """
        "detectors": ["cam", "diode"],
        """,
        """
        "detectors": ["cam", "diode", "fast", "faster", "slow"], "rates": {"fast": 2, "faster": 3, "slow": "1/4"},
        """,
        StringComparison.Ordinal);

    /// <summary>Two takes of 24 frames.</summary>
    public static readonly string Small = Grid(2, 3, 8, 0.005);

    /// <summary>Two takes of two seconds at time scale 1.</summary>
    public static readonly string Middling = Grid(2, 6, 16, 0.02);

    /// <summary>Three exposures of three seconds: a pause waits for the end of one, and leaves time for another Ctrl-C.</summary>
    public static readonly string Slow = Grid(1, 1, 3, 3);

    /// <summary>One take of more than six seconds at time scale 1: a successor finds it flying.</summary>
    public static readonly string Long = Grid(1, 8, 24, 0.03);
}
