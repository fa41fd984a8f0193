using Flyscan.Hardware.Simulation;
using Xunit;

namespace Flyscan.Tests.Hardware.Simulation;

public sealed class SimulatedWorldTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.001)]
    public async Task Events_run_in_order_of_time_and_then_of_scheduling(double timeScale)
    {
        using var world = new SimulatedWorld(timeScale, TimeProvider.System);
        var ran = new List<(string, long)>();
        var end = new TaskCompletionSource();
        world.At(2_000_000, () => ran.Add(("b", world.NowNs)));
        world.At(3_000_000, end.SetResult);
        world.At(1_000_000, () => ran.Add(("a", world.NowNs)));
        world.At(2_000_000, () => ran.Add(("c", world.NowNs)));
        world.Start();
        await end.Task;
        Assert.Equal([("a", 1_000_000), ("b", 2_000_000), ("c", 2_000_000)], ran);
    }

    [Fact]
    public async Task At_time_scale_0_a_year_passes_at_once_and_time_stands_still_after_the_last_event()
    {
        const long YearNs = 365L * 86_400 * 1_000_000_000;
        using var world = new SimulatedWorld(0, TimeProvider.System);
        var end = new TaskCompletionSource();
        world.At(YearNs, end.SetResult);
        world.Start();
        await end.Task;
        Assert.Equal(YearNs, await OnWorld(world, () => world.NowNs));
        Assert.Equal(YearNs, await OnWorld(world, () => world.NowNs));
    }

    [Fact]
    public async Task Something_taken_back_neither_runs_nor_moves_time()
    {
        using var world = new SimulatedWorld(0, TimeProvider.System);
        var ran = false;
        world.At(5_000, () => ran = true).Dispose();
        world.Start();
        Assert.Equal(0, await OnWorld(world, () => world.NowNs));
        Assert.False(ran);
    }

    [Fact]
    public async Task What_is_scheduled_in_the_past_runs_now()
    {
        using var world = new SimulatedWorld(0, TimeProvider.System);
        var ranAt = new TaskCompletionSource<long>();
        world.At(1_000, () => world.At(10, () => ranAt.SetResult(world.NowNs)));
        world.Start();
        Assert.Equal(1_000, await ranAt.Task);
    }

    [Fact]
    public async Task A_mistake_in_an_action_ends_the_world_and_is_told()
    {
        using var world = new SimulatedWorld(0, TimeProvider.System);
        world.At(1, () => throw new FormatException("broken part"));
        world.Start();
        var error = await Assert.ThrowsAsync<FormatException>(() => world.Ended);
        Assert.Equal("broken part", error.Message);
    }

    [Fact]
    public void A_time_scale_that_is_no_number_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SimulatedWorld(double.NaN, TimeProvider.System));

    private static Task<T> OnWorld<T>(SimulatedWorld world, Func<T> read)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Post(() => result.SetResult(read()));
        return result.Task;
    }
}
