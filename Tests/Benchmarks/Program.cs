using Flyscan.Benchmarks;

var wanted = args.Length > 0 ? args[0] : "all";
if (wanted is not ("all" or "engine" or "specs" or "planning" or "handover"))
{
    Console.Error.WriteLine($"flyscan bench {wanted}: there are engine, specs, planning, handover, all.");
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
return 0;
