using Flyscan.Benchmarks;

var wanted = args.Length > 0 ? args[0] : "all";
if (wanted is not ("all" or "engine" or "specs" or "planning" or "handover" or "channel-access" or "channel-access-server"))
{
    Console.Error.WriteLine($"flyscan bench {wanted}: there are engine, specs, planning, handover, channel-access, all.");
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
if (wanted is "channel-access-server")
    ChannelAccessBenchmark.Serve();
if (wanted is "all" or "channel-access")
    await ChannelAccessBenchmark.RunAsync(Console.Out);
return 0;
