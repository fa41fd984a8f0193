using System.Globalization;
using Flyscan.Benchmarks;

var wanted = args.Length > 0 ? args[0] : "all";
switch (wanted)
{
    // Processes that the PandA benchmark starts.
    case "panda-source":
        await PandASource.DataAsync(Number(args[1]), Number(args[2]), args[3]);
        return 0;
    case "panda-control":
        await PandASource.ControlAsync();
        return 0;
    case "panda-case":
        await PandABenchmark.MeasureAsync(args[1], args[2], Number(args[3]));
        return 0;
}
if (wanted is not ("all" or "engine" or "specs" or "planning" or "handover" or "faults" or "panda" or "channel-access"
    or "pv-access" or "channel-access-server"))
{
    Console.Error.WriteLine($"flyscan bench {wanted}: there are engine, specs, planning, handover, faults, panda, channel-access, pv-access, all.");
    return 2;
}
if (wanted is "all" or "engine")
    EngineBenchmarks.Run(Console.Out);
if (wanted is "all" or "specs")
    SpecBenchmarks.Run(Console.Out);
if (wanted is "all" or "planning")
    PlanningBenchmark.Run(Console.Out);
if (wanted is "all" or "handover")
    await HandoverBenchmark.RunAsync(Console.Out);
if (wanted is "all" or "faults")
    await FaultsBenchmark.RunAsync(Console.Out);
if (wanted is "all" or "panda")
    await PandABenchmark.RunAsync(Console.Out);
if (wanted is "channel-access-server")
    ChannelAccessBenchmark.Serve();
if (wanted is "all" or "channel-access")
    await ChannelAccessBenchmark.RunChannelAccessAsync(Console.Out);
if (wanted is "all" or "pv-access")
    await ChannelAccessBenchmark.RunPvAccessAsync(Console.Out);
return 0;

static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
