using System.Globalization;
using System.Text;

namespace Flyscan.Twin;

/// <summary><c>flyscan simulate</c>: plays whole scans with faults and judges them by the invariants of the scan model.</summary>
internal static class SimulateCommand
{
    private const int MostFailures = 20;
    private const int MostLines = 150;

    private static readonly string Usage = $"""
        usage: flyscan simulate [--seeds N] [--seed S] [--faults KIND,KIND…|none] [--threads N] [--report FILE]
                                [--brief] [--trace]
          Plays N scans (100; 1 where only a seed is given) from seed S (1) on the virtual beamline in virtual time, with faults, and
          checks the scan model's invariants. A failure prints its seed, the fewest faults that cause it, and what happened.

          --faults   only these kinds: {string.Join(", ", FaultMaker.Kinds)}
          --threads  scans at the same time; as many as there are processors
          --report   what is printed, in a file as well
          --brief    stops at the first failure and does not look for its fewest faults
          --trace    every step of one seed

          Exit 0: all hold; 1: some do not; 2: wrong usage.
        """;

    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        if (arguments.Any(a => a is "--help" or "-h"))
        {
            output.WriteLine(Usage);
            return 0;
        }
        var options = Options.Parse(arguments, out var problem);
        if (options is null)
        {
            error.WriteLine(problem);
            error.WriteLine(Usage);
            return 2;
        }
        return new Campaign(options, output, Console.IsErrorRedirected ? null : error).Run();
    }

    private sealed record Options(ulong Seed, int Seeds, IReadOnlySet<string> Kinds, int Threads, string? Report, bool Trace, bool Brief)
    {
        public static Options? Parse(string[] arguments, out string problem)
        {
            problem = "";
            var all = FaultMaker.Kinds.ToHashSet(StringComparer.Ordinal);
            var options = new Options(1, 100, all, Environment.ProcessorCount, null, false, false);
            for (var i = 0; i < arguments.Length; i++)
            {
                if (arguments[i] == "--trace")
                {
                    options = options with { Trace = true, Seeds = 1 };
                    continue;
                }
                if (arguments[i] == "--brief")
                {
                    options = options with { Brief = true };
                    continue;
                }
                var value = i + 1 < arguments.Length ? arguments[i + 1] : "";
                if (options.With(arguments[i], value) is not { } next)
                {
                    problem = $"{arguments[i]} {value} is not understood. Kinds of faults: {string.Join(", ", FaultMaker.Kinds)}.";
                    return null;
                }
                options = next;
                i++;
            }
            return options;
        }

        private Options? With(string name, string value)
        {
            var isNumber = ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
            return name switch
            {
                "--seeds" when isNumber && number is > 0 and <= 10_000_000 => this with { Seeds = (int)number },
                "--seed" when isNumber => this with { Seed = number, Seeds = Seeds == 100 ? 1 : Seeds },
                "--threads" when isNumber && number is > 0 and <= 256 => this with { Threads = (int)number },
                "--report" when value.Length > 0 => this with { Report = value },
                "--faults" when KindsOf(value) is { } kinds => this with { Kinds = kinds },
                _ => null,
            };
        }

        private static HashSet<string>? KindsOf(string text)
        {
            var kinds = text == "none" ? [] : text.Split(',', StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);
            return kinds.All(FaultMaker.Kinds.Contains) ? kinds : null;
        }
    }

    private sealed class Campaign(Options options, TextWriter output, TextWriter? progress)
    {
        private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
        private readonly Lock _gate = new();
        private readonly Coverage _coverage = new();
        private readonly Simulator _simulator = new(options.Kinds);
        private readonly SortedDictionary<ulong, SeedOutcome> _failed = [];
        private long _next = -1;
        private int _played;

        public int Run()
        {
            if (options.Trace)
                return Trace();
            var began = TimeProvider.System.GetTimestamp();
            var threads = Enumerable.Range(0, Math.Min(options.Threads, options.Seeds)).Select(_ => new Thread(Work)).ToList();
            threads.ForEach(t => t.Start());
            foreach (var thread in threads)
                while (!thread.Join(Look))
                    progress?.Write($"\r{Volatile.Read(ref _played)} of {options.Seeds} seeds, {Failures()} failed ");
            progress?.Write("\r");
            var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
            var text = new StringBuilder();
            foreach (var failed in _failed.Values.Take(options.Brief ? MostFailures : 0))
                text.AppendLine($"seed {failed.Seed} fails: {failed.Failure!.Split('\n')[0]}");
            foreach (var failed in _failed.Values.Take(options.Brief ? 0 : MostFailures))
                Describe(text, failed);
            text.AppendLine(_coverage.Table(options.Kinds));
            text.AppendLine(ImpossiblePairs.Text);
            var missing = _coverage.Missing(options.Kinds);
            if (missing.Count > 0)
                text.AppendLine($"Never met: {string.Join("; ", missing)}");
            text.AppendLine(string.Create(CultureInfo.InvariantCulture,
                $"{options.Seeds} seeds from {options.Seed} in {seconds:F1} s on {threads.Count} threads; {_failed.Count} failed")
                + (_failed.Count == 0 ? "." : $": {string.Join(", ", _failed.Keys.Take(50))}."));
            output.Write(text);
            if (options.Report is not null)
                File.WriteAllText(options.Report, text.ToString());
            return _failed.Count == 0 ? 0 : 1;
        }

        private int Failures()
        {
            lock (_gate)
                return _failed.Count;
        }

        private int Trace()
        {
            var first = _simulator.Play(options.Seed, _coverage);
            var again = _simulator.Replay(options.Seed, first.Faults, true);
            foreach (var line in again.Lines)
                output.WriteLine(line);
            output.WriteLine(again.Failure ?? "every invariant holds");
            return again.Failure is null ? 0 : 1;
        }

        private void Work()
        {
            var mine = new Coverage();
            while (Interlocked.Increment(ref _next) is var index && index < options.Seeds)
            {
                var outcome = _simulator.Play(options.Seed + (ulong)index, mine);
                Interlocked.Increment(ref _played);
                if (outcome.Failure is null)
                    continue;
                lock (_gate)
                    _failed.Add(outcome.Seed, outcome);
                if (options.Brief)
                    Interlocked.Exchange(ref _next, options.Seeds);
            }
            lock (_gate)
                _coverage.Add(mine);
        }

        private void Describe(StringBuilder text, SeedOutcome failed)
        {
            var shrunk = _simulator.Shrink(failed);
            text.AppendLine($"seed {failed.Seed} fails: {failed.Failure}");
            text.AppendLine($"of its {failed.Faults.Count} faults it takes {shrunk.Faults.Count}:");
            foreach (var fault in shrunk.Faults)
                text.AppendLine($"  {Show.Code(fault)}");
            text.AppendLine($"with these it ends so: {shrunk.Failure ?? "well"}");
            var lines = shrunk.Lines.Where(l => l.Contains("  note ", StringComparison.Ordinal)).ToList();
            foreach (var line in lines.TakeLast(MostLines))
                text.AppendLine(line);
            text.AppendLine();
        }
    }
}
