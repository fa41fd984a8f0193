using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Planning;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Hardware.Simulation;

public sealed class TrackEncoderTests
{
    private const long SampleNs = 1_000;

    /// <summary>Short courses of up to six knots, wild in position and velocity, over some 100 µs.</summary>
    private static readonly Arbitrary<(Knot[] Knots, double Scale, long LagNs)> Courses =
        (from steps in Gen.Choose(1, 30).ArrayOf(5)
         from positions in Gen.Choose(-60, 60).ArrayOf(5)
         from velocities in Gen.Choose(-400_000, 400_000).ArrayOf(5)
         from scale in Gen.Elements(0.5, -0.5, 1.0, 0.1)
         from lag in Gen.Elements(0L, 7_000L)
         select (Knots(steps, positions, velocities), scale, lag)).ToArbitrary();

    [Fact]
    public void Crossing_times_agree_with_a_search_through_all_samples() => Check.One(
        PropertyCases.Of(300),
        Prop.ForAll(Courses, Gen.Choose(-200, 200).ToArbitrary(), (course, threshold) =>
        {
            foreach (var ascending in new[] { true, false })
            {
                var (encoder, endNs) = Encoder(course.Knots, course.Scale, course.LagNs);
                var predicted = encoder.NextReach(threshold, ascending, 0);
                var searched = Search(encoder, threshold, ascending, endNs);
                if (predicted is { } at)
                {
                    Assert.True(ascending ? encoder.At(at) >= threshold : encoder.At(at) <= threshold);
                    Assert.True(at == 0 || (ascending ? encoder.At(at - 1) < threshold : encoder.At(at - 1) > threshold));
                    // A peak between two samples is found by the exact one alone.
                    Assert.True(searched is null || (at <= searched && at > searched - 2 * SampleNs) || at < searched);
                }
                Assert.False(searched is { } found && (predicted is not { } first || first > found));
            }
        }));

    [Fact]
    public void Mean_and_range_agree_with_sampling() => Check.One(
        PropertyCases.Of(200),
        Prop.ForAll(Courses, course =>
        {
            var (encoder, endNs) = Encoder(course.Knots, course.Scale, course.LagNs);
            var samples = Enumerable.Range(0, (int)(endNs / 10)).Select(i => encoder.At(i * 10L + 5)).ToArray();
            var (least, greatest) = encoder.Range(0, endNs);
            // Counts are rounded, the mean is of the position itself.
            Assert.InRange(encoder.Mean(0, endNs), samples.Average() - 0.6, samples.Average() + 0.6);
            Assert.InRange(samples.Min(), least, least + 2);
            Assert.InRange(samples.Max(), greatest - 2, greatest);
        }));

    [Fact]
    public void A_threshold_that_the_course_never_reaches_has_no_time()
    {
        var (encoder, _) = Encoder([new Knot(10_000, 5, 0)], 1, 0);
        Assert.Null(encoder.NextReach(6, true, 0));
        Assert.Equal(10_000, encoder.NextReach(5, true, 0) is { } at && at <= 10_000 && encoder.At(at) == 5 ? 10_000 : -1);
    }

    [Fact]
    public void A_new_course_keeps_the_past_and_voids_predictions()
    {
        var track = new CubicTrack(0);
        var encoder = new TrackEncoder(track, new EncoderDescription("INENC1", 1, 0, 0), 0);
        track.Continue(0, [new Knot(1_000_000, 1000, 0)]);
        var changes = 0;
        encoder.CourseChanged += () => changes++;
        var (before, at) = (encoder.At(250_000), encoder.At(500_000));
        track.Continue(500_000, [new Knot(1_500_000, -1000, 0)]);
        Assert.Equal((1, before, at, -1000), (changes, encoder.At(250_000), encoder.At(500_000), encoder.At(2_000_000)));
    }

    private static Knot[] Knots(int[] steps, int[] positions, int[] velocities)
    {
        var time = 0L;
        return [.. steps.Select((step, i) => new Knot(time += step * 1_000L, positions[i], i == 4 ? 0 : velocities[i]))];
    }

    private static (TrackEncoder Encoder, long EndNs) Encoder(Knot[] knots, double scale, long lagNs)
    {
        var track = new CubicTrack(0);
        track.Continue(0, knots);
        return (new TrackEncoder(track, new EncoderDescription("INENC1", scale, 0.25, 0), lagNs), track.RestsFromNs + lagNs);
    }

    private static long? Search(TrackEncoder encoder, int threshold, bool ascending, long endNs)
    {
        for (var at = 0L; at <= endNs; at += SampleNs / 10)
            if (ascending ? encoder.At(at) >= threshold : encoder.At(at) <= threshold)
                return at;
        return null;
    }
}
