using Flyscan.Hardware.Motion;
using Xunit;

namespace Flyscan.Tests.Hardware.Motion;

public sealed class TrajectoryBlockTests
{
    [Fact]
    public void A_block_reads_back_as_the_trajectory_that_made_it()
    {
        var block = TrajectoryBlock.Encode(Sweeps.X());
        var read = TrajectoryBlock.Decode("motion", block, out var problem)!;
        Assert.Null(problem);
        Assert.Equal(TrajectoryBlock.Digest(block), TrajectoryBlock.Digest(TrajectoryBlock.Encode(read)));
        Assert.Equal(Sweeps.X().Positions, read.Positions);
        Assert.Equal(Sweeps.X().Live, read.Live);
    }

    [Fact]
    public void No_cut_block_is_taken_for_a_trajectory()
    {
        var block = TrajectoryBlock.Encode(Sweeps.X());
        for (var length = 0; length < block.Length; length++)
        {
            Assert.Null(TrajectoryBlock.Decode("motion", block.AsSpan(0, length), out var problem));
            Assert.Contains($"the block of {length} bytes is not a trajectory", problem);
        }
    }

    [Fact]
    public void A_block_that_claims_more_than_it_holds_costs_no_memory()
    {
        byte[] huge = [1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F, 1, 0, 0, 0, (byte)'x', 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Null(TrajectoryBlock.Decode("motion", huge, out _));
    }
}
