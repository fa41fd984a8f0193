using System.Diagnostics;
using System.Globalization;
using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;

namespace Flyscan.Benchmarks;

/// <summary>How fast frames are made, beside the memory's speed and beside the same chunks in NumPy.</summary>
internal static class SpecBenchmarks
{
    // Rounds are shorter than a scheduler's slice and the best counts, so that other work on the machine shows little.
    private const int Rounds = 200;
    private const int CubeRounds = 20;

    // A tenth of a millisecond each.
    private const int ShortRounds = 4000;
    private const int Chunk = 10_000;

    private static readonly Spec Grid = new Fly(new ConstantDuration(
        0.01, new Product(new Linspace("y", 0, 1, 1000), new Snake(new Linspace("x", 0, 2, 1000)))));

    private static readonly Spec Cube = new Fly(new ConstantDuration(
        0.01, new Product(
            new Linspace("z", 0, 1, 10), new Product(new Linspace("y", 0, 1, 1000), new Snake(new Linspace("x", 0, 2, 1000))))));

    public static void Run(TextWriter output)
    {
        var grid = Best(() => ReadAll(Grid));
        var fill = Best(FillRate);
        output.WriteLine(Line("1000 x 1000 snaked, flown, timed: M frames/s", grid / 1e6));
        output.WriteLine(Line("  the same arrays only filled: M frames/s", fill / 1e6));
        output.WriteLine(Line("  part of that bound", grid / fill));
        var numpy = NumPy();
        output.WriteLine(numpy is { } rate
            ? Line("NumPy, the same chunks: M frames/s", rate / 1e6) + "\n" + Line("  ratio to it", grid / rate)
            : "NumPy: /usr/bin/python3 has none (Debian: python3-numpy)");
        var before = GC.GetTotalAllocatedBytes(precise: true);
        output.WriteLine(Line("10 M frames in 3-D: M frames/s", Best(() => ReadAll(Cube), CubeRounds) / 1e6));
        output.WriteLine(Line("  allocated a round: MiB", (GC.GetTotalAllocatedBytes(precise: true) - before) / 1048576.0 / CubeRounds));
        output.WriteLine(Line("random access, one frame of all axes, gap, duration: ns", 1e9 / Best(RandomAccess, ShortRounds)));
        output.WriteLine(Line("parse of the 3-D spec: us", 1e6 / Best(Parse, ShortRounds)));
        output.WriteLine(Line("path of the 3-D spec: us", 1e6 / Best(MakePath, ShortRounds)));
        output.WriteLine(Line("operations on a path of 1e9 frames, allocated: KiB", BillionFrames() / 1024.0));
        output.WriteLine(Line("  resident set of the whole process then: MiB", Environment.WorkingSet / 1048576.0));
    }

    private static string Line(string what, double value) => string.Create(CultureInfo.InvariantCulture, $"{what,-62}{value,12:0.00}");

    private static double Best(Func<double> measure, int rounds = Rounds) => Enumerable.Range(0, rounds).Max(_ => measure());

    private static double Rate(double count, long start) => count / TimeProvider.System.GetElapsedTime(start).TotalSeconds;

    private static double ReadAll(Spec spec)
    {
        var path = ScanPath.Of(spec);
        var block = new FrameBlock(path.Axes.Count, Chunk);
        var start = TimeProvider.System.GetTimestamp();
        for (long at = 0; at < path.Length; at += block.Count)
            path.Read(at, block);
        return Rate(path.Length, start);
    }

    // Seven arrays of doubles and one of flags, as a block of two axes has: what storing alone costs.
    private static double FillRate()
    {
        const int Chunks = 100;
        var block = new FrameBlock(2, Chunk);
        var start = TimeProvider.System.GetTimestamp();
        for (var chunk = 0; chunk < Chunks; chunk++)
        {
            for (var axis = 0; axis < 2; axis++)
            {
                block.Lower[axis].AsSpan().Fill(chunk);
                block.Midpoint[axis].AsSpan().Fill(chunk);
                block.Upper[axis].AsSpan().Fill(chunk);
            }
            block.DurationSeconds.AsSpan().Fill(chunk);
            block.Gap.AsSpan().Fill(true);
        }
        return Rate((double)Chunks * Chunk, start);
    }

    private static double RandomAccess()
    {
        const int Count = 500;
        var path = ScanPath.Of(Cube);
        var block = new FrameBlock(path.Axes.Count, 1);
        var start = TimeProvider.System.GetTimestamp();
        long frame = 1;
        for (var i = 0; i < Count; i++)
        {
            frame = (frame * 6364136223846793005 + 1442695040888963407) & long.MaxValue;
            path.Read(frame % path.Length, block);
        }
        return Rate(Count, start);
    }

    private static double Parse()
    {
        const int Count = 20;
        var json = SpecJson.Write(Cube);
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Count; i++)
            SpecJson.Parse(json, "cube.json");
        return Rate(Count, start);
    }

    private static double MakePath()
    {
        const int Count = 20;
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Count; i++)
            ScanPath.Of(Cube);
        return Rate(Count, start);
    }

    private static long BillionFrames()
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var path = ScanPath.Of(new Fly(new ConstantDuration(0.01, new Product(
            new Linspace("z", 0, 1, 1000), new Product(new Linspace("y", 0, 1, 1000), new Snake(new Linspace("x", 0, 2, 1000)))))));
        var block = new FrameBlock(path.Axes.Count, Chunk);
        for (long at = 0; at < path.Length; at += path.Length / 100)
            path.Read(at, block);
        for (var axis = 0; axis < path.Axes.Count; axis++)
            path.RangeWithRunUp(axis, 1);
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    private static double? NumPy()
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", NumPyScript])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? double.Parse(text, CultureInfo.InvariantCulture) : null;
    }

    // Index arithmetic, then a gather per array from dimensions that were computed once: the way of an array library.
    private const string NumPyScript = """
        import time
        import numpy as np
        n, chunk = 1000, 10000
        def line(a, b, bounds):
            step = (b - a) / (n - 1)
            first = a - step / 2
            posts = np.linspace(0, n, n + 1) * step + first
            middle = np.linspace(0.5, n - 0.5, n) * step + first
            return (posts[:-1], middle, posts[1:]) if bounds else (middle, middle, middle)
        y, x = line(0.0, 1.0, False), line(0.0, 2.0, True)
        gap_x = np.zeros(n, bool)
        gap_y = np.ones(n, bool)
        duration = np.full(n, 0.01)
        best = 0.0
        for _ in range(40):
            t = time.perf_counter()
            for start in range(0, n * n, chunk):
                i = np.arange(start, start + chunk)
                row = i // n
                back = row % 2 == 1
                col = i % n
                at = np.where(back, n - 1 - col, col)
                ys = [a[row] for a in y]
                lower = np.where(back, x[2][at], x[0][at])
                upper = np.where(back, x[0][at], x[2][at])
                middle = x[1][at]
                gap = gap_x[at] | ((col == 0) & gap_y[row])
                seconds = duration[at]
            best = max(best, n * n / (time.perf_counter() - t))
        print(best)
        """;
}
