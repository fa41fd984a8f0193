using System.Globalization;
using Flyscan.SimulationProbe;

if (args is ["hashes", var first, var count])
{
    var from = ulong.Parse(first, CultureInfo.InvariantCulture);
    foreach (var hash in LedgerScenario.Hashes(from, int.Parse(count, CultureInfo.InvariantCulture)))
        Console.WriteLine(hash.ToString("x16", CultureInfo.InvariantCulture));
    return 0;
}

if (args is ["speed"])
{
    SpeedMeasure.Run(Console.Out);
    return 0;
}

Console.Error.WriteLine("SimulationProbe hashes FIRST COUNT | speed");
return 2;
